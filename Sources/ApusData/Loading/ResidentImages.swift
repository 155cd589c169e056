import ApusGraph
import Synchronization

/// All images and labels of a data set where a device reads them.
final class ResidentImages: Sendable {
    /// [count, C, H, W] of `uint8`.
    let bytes: Tensor
    /// [count] of `int64`.
    let labels: Tensor

    init(_ data: ImageBytes, on device: Device) {
        func tensor(_ source: UnsafeRawBufferPointer, _ shape: Shape, _ dtype: DType) -> Tensor {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 64), alignment: 64)
            memory.copyMemory(from: source)
            let start = memory.baseAddress.map { UInt(bitPattern: $0) } ?? 0
            guard let pointer = UnsafeMutableRawPointer(bitPattern: start) else {
                preconditionFailure("ResidentImages: memory at address 0")
            }
            // Not of the pool, which would keep it when the copy on a GPU has taken its place.
            let storage = Storage(byteCount: source.count, at: pointer, on: .cpu) {
                UnsafeMutableRawPointer(bitPattern: start)?.deallocate()
            }
            return Tensor(storage, TensorSpec(shape, dtype, device))
        }
        bytes = data.images.withUnsafeBytes { tensor($0, Shape([data.count] + data.sampleShape.dimensions), .uint8) }
        labels = data.labels.withUnsafeBytes { tensor($0, [data.count], .int64) }
    }

    /// The bytes that a copy takes.
    static func byteCount(of data: ImageBytes) -> Int { data.images.count + 8 * data.labels.count }
}

/// The copies of one data set, one for each device, as long as somebody uses them.
final class ResidentCopies: Sendable {
    private struct Copy {
        weak var images: ResidentImages?
    }

    private let copies = Mutex<[Device: Copy]>([:])

    /// The copy on a device: the one that is there, or a new one if there may be one.
    func images(of data: ImageBytes, on device: Device, ifAllowed: () -> Bool) -> ResidentImages? {
        copies.withLock { copies in
            if let known = copies[device]?.images { return known }
            guard ifAllowed() else { return nil }
            let made = ResidentImages(data, on: device)
            copies[device] = Copy(images: made)
            return made
        }
    }
}

/// What makes batches of a data set that lives on a device.
struct ResidentBatches: Sendable {
    let recipe: PixelRecipe
    let images: ResidentImages

    /// The batch of `count` items, which is computed when it is read.
    func batch(_ items: Storage, count: Int) -> DataLoader.Element {
        let spec = TensorSpec([count, TransformBytes.Item.wordCount], .int64, images.bytes.device)
        let results = Tensor.record(recipe.primitive, [images.bytes, images.labels, Tensor(items, spec)])
        return (results[0], results[1])
    }
}
