import ApusGraph

/// Makes the batches of one epoch, one at a time.
final class EpochBatches {
    /// The number of batches.
    let count: Int
    private let dataset: any Dataset
    private let batchSize: Int
    /// The positions in the data set, in the order of this epoch.
    private let order: [Int]
    /// Room for a batch of bytes, reused.
    private var bytes: [UInt8] = []

    init(_ loader: DataLoader, epoch: Int) {
        dataset = loader.dataset
        batchSize = loader.batchSize
        count = loader.batchCount
        order =
            loader.shuffle
            ? Self.shuffledOrder(dataset.count, seed: loader.seed, epoch: epoch) : Array(0..<dataset.count)
    }

    /// A random order of 0 ..< count that depends on nothing but seed and epoch.
    static func shuffledOrder(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
        // The epoch's own key is a block of the seed's stream, not seed + epoch: else seed 0 in epoch 1 and seed 1 in
        // epoch 0 would have one order. The constant ("shuffle" in ASCII) keeps the stream apart from the one that
        // initialises weights from the same seed.
        let block = Philox(seed: seed ^ 0x0073_6875_6666_6C65).block(UInt64(bitPattern: Int64(epoch)))
        return Generator(seed: UInt64(block.x) << 32 | UInt64(block.y)).permutation(count)
    }

    /// Batch `number`: images Float32 [N, C, H, W] from 0 to 1, labels Int64 [N].
    func batch(_ number: Int) throws -> DataLoader.Element {
        let indices = order[number * batchSize..<min((number + 1) * batchSize, order.count)]
        let shape = Shape([indices.count] + dataset.sampleShape)
        let byteCount = shape.elementCount
        if bytes.count < byteCount { bytes = [UInt8](repeating: 0, count: byteCount) }
        return try bytes.withUnsafeMutableBufferPointer { buffer in
            let room = UnsafeMutableBufferPointer(rebasing: buffer[..<byteCount])
            let labels = try Tensor(TensorSpec([indices.count], .int64)) { pointer in
                try dataset.gather(
                    indices, images: room,
                    labels: UnsafeMutableBufferPointer(
                        start: pointer.bindMemory(to: Int64.self, capacity: indices.count), count: indices.count))
            }
            let images = Tensor(TensorSpec(shape, .float32)) { pointer in
                UnitFloats.convert(
                    UnsafeBufferPointer(room), to: pointer.bindMemory(to: Float.self, capacity: byteCount))
            }
            return (images, labels)
        }
    }
}
