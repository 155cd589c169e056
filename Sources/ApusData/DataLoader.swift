import ApusGraph
import Synchronization

/// Batches of a data set, as tensors: one iteration is one epoch (`torch.utils.data.DataLoader`).
///
///     for (images, labels) in DataLoader(try FashionMNIST(.train), batchSize: 256, shuffle: true) { … }
///
/// `images` is Float32 [N, C, H, W]: what the transform made, or else pixels from 0 to 1, byte / 255
/// (`torchvision.transforms.ToTensor`); `labels` is Int64 [N], or Float32 [N, classes] behind a batch transform. N is the
/// batch size, or less in the last batch and where images were skipped.
///
/// A thread of its own makes the next batches while one is used, with the engine's threads. An iteration that is
/// abandoned ends it. At most `prefetch` + 1 batches are in memory beside the one that is used.
///
/// Batches are made on the CPU, and ``moved(to:)`` gives them on another device: a GPU makes them itself where the data
/// set fits into its memory and the transforms only move pixels, turn them gray and normalize them.
public final class DataLoader: Sequence, Sendable {
    public typealias Element = (images: Tensor, labels: Tensor)

    /// What to do with an image that cannot be read.
    public enum ErrorPolicy: Sendable, Hashable {
        /// End the iteration; ``DataLoader/check()`` throws the error, which names the file.
        case stop
        /// Leave the image out; ``DataLoader/skippedCount`` counts it.
        case skip
    }

    /// Where a loader stands: what a checkpoint keeps to go on exactly there.
    public struct Position: Sendable, Hashable, Codable {
        /// What the orders and the random draws depend on.
        public var seed: UInt64
        /// The epoch, counted from 0.
        public var epoch: Int
        /// The batches of the epoch that were used.
        public var batch: Int

        public init(seed: UInt64, epoch: Int, batch: Int) {
            (self.seed, self.epoch, self.batch) = (seed, epoch, batch)
        }
    }

    /// Where the batches come from.
    public let dataset: any Dataset
    /// The number of images in a batch.
    public let batchSize: Int
    /// Which images an epoch goes through, and in what order.
    public let sampler: any Sampler
    /// What is done to each image, after the data set's own transform.
    public let transform: (any Transform)?
    /// What is done to each batch.
    public let batchTransform: (any BatchTransform)?
    /// Whether a last batch that is not full is left out.
    public let dropLast: Bool
    /// How many threads make a batch: nil for all of the engine's; with 1 the loader's own thread does.
    public let workers: Int?
    /// The number of batches that are made ahead of use.
    public let prefetch: Int
    /// What to do with an image that cannot be read.
    public let onError: ErrorPolicy

    private struct State {
        var seed: UInt64
        /// Where the next iteration begins.
        var epoch = 0
        var firstBatch = 0
        /// The epoch of the newest iteration, and how many of its batches were used; nil when it has come to its end.
        var running: (epoch: Int, batch: Int)?
        var failure: (any Error)?
        var skipped: [any Error] = []
        var skippedCount = 0
        /// The copies of the data set that batches were made of.
        var residents: [Device: ResidentImages] = [:]
    }

    private let state: Mutex<State>

    /// The most errors of skipped images that are kept: enough to see what is wrong with a data set.
    private static let keptErrors = 100

    /// Creates a loader.
    ///
    /// - Parameters:
    ///   - dataset: where the samples are taken from.
    ///   - batchSize: images in a batch, at least 1.
    ///   - shuffle: draw a new order in each epoch; otherwise the data set's order.
    ///   - sampler: which images an epoch goes through, instead of `shuffle`.
    ///   - transform: what is done to each image, after the data set's own transform.
    ///   - batchTransform: what is done to each batch, as `MixUp`.
    ///   - seed: the same seed gives the same orders and the same random draws.
    ///   - dropLast: leave out a last batch that is not full.
    ///   - workers: how many of the engine's threads make a batch, all unless given; the batches are the same.
    ///   - prefetch: batches made ahead on the loader's thread; with 0 there is no thread, and each batch is made when
    ///     it is asked for.
    ///   - onError: what to do with an image that cannot be read.
    public init(
        _ dataset: any Dataset, batchSize: Int = 1, shuffle: Bool = false, sampler: (any Sampler)? = nil,
        transform: (any Transform)? = nil, batchTransform: (any BatchTransform)? = nil, seed: UInt64 = 0,
        dropLast: Bool = false, workers: Int? = nil, prefetch: Int = 2, onError: ErrorPolicy = .stop
    ) {
        precondition(batchSize >= 1, "DataLoader: the batch size \(batchSize) is not at least 1")
        precondition(prefetch >= 0, "DataLoader: prefetch \(prefetch) is negative")
        precondition(workers.map { $0 >= 1 } ?? true, "DataLoader: \(workers ?? 0) workers; at least 1 is needed")
        precondition(sampler == nil || !shuffle, "DataLoader: shuffle is the sampler's business where there is one")
        self.dataset = dataset
        self.batchSize = batchSize
        self.sampler = sampler ?? (shuffle ? RandomSampler() : SequentialSampler())
        (self.transform, self.batchTransform) = (transform, batchTransform)
        self.dropLast = dropLast
        (self.workers, self.prefetch, self.onError) = (workers, prefetch, onError)
        state = Mutex(State(seed: seed))
    }

    /// What the orders and the random draws depend on, beside the number of the epoch.
    public var seed: UInt64 { state.withLock { $0.seed } }

    /// The number of batches in an epoch: images / batchSize, rounded down with `dropLast` and up without.
    public var batchCount: Int {
        let length = sampler.length(of: dataset.count)
        let full = length / batchSize
        return dropLast || length % batchSize == 0 ? full : full + 1
    }

    /// The number of the epoch that the next iteration runs, counted from 0; set it to begin another.
    public var epoch: Int {
        get { state.withLock { $0.epoch } }
        set {
            state.withLock { state in
                (state.epoch, state.firstBatch, state.running) = (newValue, 0, nil)
            }
        }
    }

    /// Where the loader stands: behind the last batch that was used. Set it to go on exactly there, in this or another
    /// loader of the same data set, batch size and sampler.
    public var position: Position {
        get {
            state.withLock { state in
                let (epoch, batch) = state.running ?? (state.epoch, state.firstBatch)
                return Position(seed: state.seed, epoch: epoch, batch: batch)
            }
        }
        set {
            let isBehindEnd = newValue.batch >= batchCount
            state.withLock { state in
                state.seed = newValue.seed
                state.epoch = newValue.epoch + (isBehindEnd ? 1 : 0)
                state.firstBatch = isBehindEnd ? 0 : Swift.max(newValue.batch, 0)
                state.running = nil
            }
        }
    }

    /// Starts the next epoch.
    public func makeIterator() -> Iterator { makeIterator(on: .cpu, nil) }

    /// Starts the next epoch, whose batches are on a device; made by it where there is somebody who can.
    func makeIterator(on device: Device, _ resident: ResidentBatches?) -> Iterator {
        let (epoch, first) = state.withLock { state in
            defer {
                state.running = (state.epoch, state.firstBatch)
                (state.epoch, state.firstBatch) = (state.epoch + 1, 0)
            }
            return (state.epoch, state.firstBatch)
        }
        return Iterator(self, epoch: epoch, first: first, device, resident)
    }

    /// Runs `body` on each batch of the next epoch.
    ///
    /// - Throws: what `body` throws, and like ``check()`` when the data set failed.
    public func forEach(_ body: (Element) throws -> Void) throws {
        for batch in self { try body(batch) }
        try check()
    }

    /// Throws the first error that ended an iteration early: a `for` loop cannot.
    public func check() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// How many images were skipped since the loader was made, each time that one was met.
    public var skippedCount: Int { state.withLock { $0.skippedCount } }

    /// The errors of the first 100 images that were skipped; each names its file.
    public var skipped: [any Error] { state.withLock { $0.skipped } }

    fileprivate func keep(_ failure: any Error) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }

    /// Keeps a copy of the data set on a device as long as the loader is there.
    func keep(_ images: ResidentImages, on device: Device) { state.withLock { $0.residents[device] = images } }

    func noteSkipped(_ error: any Error) {
        state.withLock { state in
            state.skippedCount += 1
            if state.skipped.count < Self.keptErrors { state.skipped.append(error) }
        }
    }

    /// Notes that the iteration of an epoch has used its batch `number`, or come to its end; only the newest counts.
    fileprivate func note(epoch: Int, used number: Int?) {
        state.withLock { state in
            guard state.running?.epoch == epoch else { return }
            state.running = number.map { (epoch, $0 + 1) }
        }
    }
}

extension DataLoader {
    /// The batches of one epoch.
    public final class Iterator: IteratorProtocol {
        private enum Source {
            /// Batches are made when they are asked for; the number of the next one.
            case direct(EpochBatches, next: Int)
            case queue(BatchQueue)
            /// The first batch could not even be begun.
            case failed(any Error)
            case ended
        }

        private let loader: DataLoader
        private let epoch: Int
        private let device: Device
        private var source: Source

        fileprivate init(
            _ loader: DataLoader, epoch: Int, first: Int, _ device: Device, _ resident: ResidentBatches?
        ) {
            (self.loader, self.epoch, self.device) = (loader, epoch, device)
            if loader.prefetch == 0 {
                do {
                    source = .direct(try EpochBatches(loader, epoch: epoch, resident), next: first)
                } catch {
                    source = .failed(error)
                }
            } else {
                let queue = BatchQueue(depth: loader.prefetch)
                // The order is drawn on the thread too: the loader itself is all that it needs.
                queue.start(at: first) { try EpochBatches(loader, epoch: epoch, resident) }
                source = .queue(queue)
            }
        }

        deinit {
            if case .queue(let queue) = source { queue.cancel() }
        }

        /// The next batch; nil at the end, and where the data set failed (see ``DataLoader/check()``).
        public func next() -> Element? {
            do {
                while let (batch, number) = try take() {
                    loader.note(epoch: epoch, used: number)
                    // A batch whose images were all skipped is passed over.
                    if let batch { return batch.element(on: device) }
                }
                if case .ended = source {} else { loader.note(epoch: epoch, used: nil) }
            } catch {
                loader.keep(error)
            }
            source = .ended
            return nil
        }

        private func take() throws -> (batch: LoadedBatch?, number: Int)? {
            switch source {
            case .direct(let batches, let next) where next < batches.count:
                source = .direct(batches, next: next + 1)
                return (try batches.batch(next), next)
            case .queue(let queue): return try queue.take()
            case .failed(let error): throw error
            case .direct, .ended: return nil
            }
        }
    }
}
