import ApusEngine
import ApusGraph
import CKernels
import Synchronization

/// A batch as it comes from the loader's thread.
enum LoadedBatch: Sendable {
    case tensors(images: Tensor, labels: Tensor)
    /// What a device makes the batch of, recorded by who uses it.
    case items(Storage, count: Int, of: ResidentBatches)

    func element(on device: Device) -> DataLoader.Element {
        switch self {
        case .tensors(let images, let labels): (images.moved(to: device), labels.moved(to: device))
        case .items(let items, let count, let resident): resident.batch(items, count: count)
        }
    }
}

/// Makes the batches of one epoch, one at a time, with the engine's threads.
final class EpochBatches {
    /// The number of batches.
    let count: Int
    private let loader: DataLoader
    private let source: LoaderSource
    /// What makes the batches on a device; nil where they are made here.
    private let resident: ResidentBatches?
    /// The positions in the data set, in the order of this epoch.
    private let order: [Int]
    /// How often each image of the order has come before; nil where none comes twice.
    private let occurrences: [Int]?
    private let random: TransformRandom.Epoch
    private let seed: UInt64
    private let epoch: Int
    /// One for each thread, reused.
    private var samples: [ImageSample] = []
    /// Room for a batch of bytes, for data sets that know no other way; reused.
    private let bytes = MemoryBlock()

    init(_ loader: DataLoader, epoch: Int, _ resident: ResidentBatches?) throws {
        (self.loader, self.resident) = (loader, resident)
        count = loader.batchCount
        source = try LoaderSource(loader.dataset, transform: loader.transform)
        (seed, self.epoch) = (loader.seed, epoch)
        order = loader.sampler.order(of: loader.dataset.count, seed: seed, epoch: epoch)
        random = TransformRandom.Epoch(seed: seed, epoch: epoch)
        guard loader.sampler.mayRepeat else {
            occurrences = nil
            return
        }
        var seen: [Int: Int] = [:]
        occurrences = order.map { index in
            defer { seen[index, default: 0] += 1 }
            return seen[index, default: 0]
        }
    }

    /// Batch `number`: images Float32 [N, C, H, W], labels Int64 [N], or Float32 [N, classes] behind a batch transform;
    /// nil where all its images were skipped.
    func batch(_ number: Int) throws -> LoadedBatch? {
        let places = number * loader.batchSize..<min((number + 1) * loader.batchSize, order.count)
        if let resident { return .items(try items(places, resident.recipe), count: places.count, of: resident) }
        let positions = places.map { source.position(order[$0]) }
        let size = source.sampleShape.elementCount
        // Filled before the tensors are made, so that rows that are skipped can be left out.
        let images = Storage(byteCount: positions.count * size * 4)
        let target = images.pointer.assumingMemoryBound(to: Float.self)
        var labels = positions.map(source.label)
        var failures = [(any Error)?](repeating: nil, count: positions.count)
        if let memory = source.base as? any InMemoryDataset {
            try fill(target, from: memory.data, positions, places, &failures)
        } else if let pictures = source.base as? any ImageDataset {
            try fill(target, from: pictures, positions, places, &failures)
        } else {
            try fill(target, byGathering: positions, places, &labels, &failures)
        }
        let rows = try keptRows(failures, target, size)
        if rows.count < positions.count { labels = rows.map { labels[$0] } }
        guard !rows.isEmpty else { return nil }
        return try tensors(images, labels, number)
    }

    /// What a device does to each image of a batch, with the same draws as the transforms here.
    private func items(_ places: Range<Int>, _ recipe: PixelRecipe) throws -> Storage {
        let size = TransformBytes.Item.wordCount
        let items = Storage(byteCount: places.count * size * 8)
        let words = items.pointer.assumingMemoryBound(to: Int64.self)
        for (row, place) in places.enumerated() {
            var draws = numbers(place)
            let item = try recipe.item(position: source.position(order[place]), &draws)
            item.write(to: words + row * size)
        }
        return items
    }

    /// The random numbers of the image at a place of the order.
    private func numbers(_ place: Int) -> TransformRandom {
        random.numbers(position: order[place], occurrence: occurrences?[place] ?? 0)
    }

    // MARK: - Sources

    private func fill(
        _ target: UnsafeMutablePointer<Float>, from data: ImageBytes, _ positions: [Int], _ places: Range<Int>,
        _ failures: inout [(any Error)?]
    ) throws {
        let shape = data.sampleShape
        let stored = shape.elementCount
        try data.images.withUnsafeBufferPointer { pixels in
            guard let start = pixels.baseAddress else { return }
            if source.pipeline.isEmpty {
                let rows = positions.map { Int64($0) }
                try split(positions.count, grain: Self.rowsOfOneGrain(stored)) { range, _ in
                    apus_gather_unit_floats(
                        start, Int64(stored), rows, target, Int64(range.lowerBound), Int64(range.upperBound))
                }
                return
            }
            try transform(positions, places, target, &failures) { row, sample in
                sample.load(borrowing: start + positions[row] * stored, shape, .byte)
            }
        }
    }

    private func fill(
        _ target: UnsafeMutablePointer<Float>, from pictures: any ImageDataset, _ positions: [Int],
        _ places: Range<Int>, _ failures: inout [(any Error)?]
    ) throws {
        try transform(positions, places, target, &failures) { row, sample in
            do {
                sample.load(try pictures.image(at: positions[row]))
            } catch {
                throw LoadingFailure(underlying: error)
            }
        }
    }

    private func fill(
        _ target: UnsafeMutablePointer<Float>, byGathering positions: [Int], _ places: Range<Int>,
        _ labels: inout [Int64], _ failures: inout [(any Error)?]
    ) throws {
        let shape = source.base.sampleShape
        let stored = shape.elementCount
        let start = bytes.reserve(positions.count * stored).assumingMemoryBound(to: UInt8.self)
        try labels.withUnsafeMutableBufferPointer { labels in
            try source.base.gather(
                positions[...], images: UnsafeMutableBufferPointer(start: start, count: positions.count * stored),
                labels: labels)
        }
        try transform(positions, places, target, &failures) { row, sample in
            sample.load(borrowing: start + row * stored, shape, .byte)
        }
    }

    /// Loads and transforms each image.
    private func transform(
        _ positions: [Int], _ places: Range<Int>, _ target: UnsafeMutablePointer<Float>,
        _ failures: inout [(any Error)?], _ load: (Int, ImageSample) throws -> Void
    ) throws {
        let (shape, size) = (source.sampleShape, source.sampleShape.elementCount)
        let grain = source.base is any InMemoryDataset ? Self.rowsOfOneGrain(size) : 1
        try failures.withUnsafeMutableBufferPointer { failures in
            let slots = failures
            try split(positions.count, grain: grain) { range, sample in
                for row in range {
                    var draws = numbers(places.lowerBound + row)
                    do {
                        try load(row, sample)
                        try source.pipeline.run(sample, &draws, into: target + row * size, shape: shape)
                    } catch {
                        slots[row] = error
                    }
                }
            }
        }
    }

    // MARK: - Threads

    /// 16 KiB of bytes: a few microseconds of work, beside which taking the next rows is nothing, and small enough that
    /// threads end together.
    private static func rowsOfOneGrain(_ bytes: Int) -> Int { max(1, (1 << 14) / max(bytes, 1)) }

    /// Splits rows among the threads; each takes the next rows as soon as it is done with the last.
    private func split(_ count: Int, grain: Int, _ body: (Range<Int>, ImageSample) -> Void) throws {
        let next = Atomic<Int>(0)
        func work(_ sample: ImageSample) {
            while true {
                let first = next.add(grain, ordering: .relaxed).oldValue
                guard first < count else { return }
                body(first..<min(first + grain, count), sample)
            }
        }
        let threads = loader.workers ?? Engine.shared.threadCount
        while samples.count < threads { samples.append(ImageSample()) }
        guard threads > 1, count > grain else { return work(samples[0]) }
        let own = samples
        try Engine.shared.runOnPool(limit: threads) { work(own[$0]) }
    }

    // MARK: - Batches

    /// The rows without failures, moved together; throws the first failure that is not to be skipped.
    private func keptRows(
        _ failures: [(any Error)?], _ target: UnsafeMutablePointer<Float>, _ size: Int
    ) throws -> [Int] {
        var rows: [Int] = []
        for (row, failure) in failures.enumerated() {
            guard let failure else {
                if rows.count < row { (target + rows.count * size).update(from: target + row * size, count: size) }
                rows.append(row)
                continue
            }
            guard let loading = failure as? LoadingFailure else { throw failure }
            guard loader.onError == .skip else { throw loading.underlying }
            loader.noteSkipped(loading.underlying)
        }
        return rows
    }

    private func tensors(_ images: Storage, _ labels: [Int64], _ number: Int) throws -> LoadedBatch {
        let shape = Shape([labels.count] + source.sampleShape)
        let tensor = Tensor(images, TensorSpec(shape, .float32))
        guard let mixing = loader.batchTransform else { return .tensors(images: tensor, labels: Tensor(labels)) }
        let classCount = loader.dataset.classNames.count
        var batch = FloatBatch(
            images: UnsafeMutableBufferPointer(
                start: images.pointer.assumingMemoryBound(to: Float.self), count: shape.elementCount),
            count: labels.count, channels: shape[1], height: shape[2], width: shape[3],
            probabilities: try FloatBatch.probabilities(of: labels, classCount: classCount), classCount: classCount)
        // The batch's own stream, apart from those of images by the epoch's sign.
        var draws = TransformRandom(seed: seed, epoch: -1 - epoch, position: number)
        try mixing.apply(to: &batch, &draws)
        return .tensors(
            images: tensor, labels: Tensor(batch.probabilities, shape: Shape([labels.count, classCount])))
    }
}

/// An image that could not be made, as opposed to one that could not be transformed.
private struct LoadingFailure: Error {
    let underlying: any Error
}
