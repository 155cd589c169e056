import ApusGraph
import Synchronization

/// Batches of a data set, as tensors: one iteration is one epoch (`torch.utils.data.DataLoader`).
///
///     for (images, labels) in DataLoader(try FashionMNIST(.train), batchSize: 256, shuffle: true) { … }
///
/// `images` is Float32 [N, C, H, W] with pixels from 0 to 1, byte / 255 (`torchvision.transforms.ToTensor`); `labels`
/// is Int64 [N]. N is the batch size, or less in the last batch.
///
/// A thread of its own makes the next batches while one is used. An iteration that is abandoned ends it.
public final class DataLoader: Sequence, Sendable {
    public typealias Element = (images: Tensor, labels: Tensor)

    /// Where the batches come from.
    public let dataset: any Dataset
    /// The number of images in a batch.
    public let batchSize: Int
    /// Whether each epoch has an order of its own.
    public let shuffle: Bool
    /// What the orders depend on, beside the number of the epoch.
    public let seed: UInt64
    /// Whether a last batch that is not full is left out.
    public let dropLast: Bool
    /// The number of batches that are made ahead of use.
    public let prefetch: Int

    private struct State {
        var epoch = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Creates a loader.
    ///
    /// - Parameters:
    ///   - dataset: where the samples are taken from.
    ///   - batchSize: images in a batch, at least 1.
    ///   - shuffle: draw a new order in each epoch; otherwise the data set's order.
    ///   - seed: the same seed gives the same orders.
    ///   - dropLast: leave out a last batch that is not full.
    ///   - prefetch: batches made ahead on the loader's thread; with 0 there is no thread, and each batch is made when
    ///     it is asked for.
    public init(
        _ dataset: any Dataset, batchSize: Int = 1, shuffle: Bool = false, seed: UInt64 = 0, dropLast: Bool = false,
        prefetch: Int = 2
    ) {
        precondition(batchSize >= 1, "DataLoader: the batch size \(batchSize) is not at least 1")
        precondition(prefetch >= 0, "DataLoader: prefetch \(prefetch) is negative")
        self.dataset = dataset
        self.batchSize = batchSize
        self.shuffle = shuffle
        self.seed = seed
        self.dropLast = dropLast
        self.prefetch = prefetch
    }

    /// The number of batches in an epoch: count / batchSize, rounded down with `dropLast` and up without.
    public var batchCount: Int {
        let full = dataset.count / batchSize
        return dropLast || dataset.count % batchSize == 0 ? full : full + 1
    }

    /// The number of the epoch that the next iteration runs, counted from 0; set it to go on where a run stopped.
    public var epoch: Int {
        get { state.withLock { $0.epoch } }
        set { state.withLock { $0.epoch = newValue } }
    }

    /// Starts the next epoch.
    public func makeIterator() -> Iterator {
        let epoch = state.withLock { state in
            defer { state.epoch += 1 }
            return state.epoch
        }
        return Iterator(self, epoch: epoch)
    }

    /// Runs `body` on each batch of the next epoch.
    ///
    /// - Throws: what `body` throws, and like ``check()`` when the data set failed.
    public func forEach(_ body: (Element) throws -> Void) throws {
        for batch in self { try body(batch) }
        try check()
    }

    /// Throws the first error of the data set that ended an iteration early: a `for` loop cannot.
    public func check() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    fileprivate func keep(_ failure: any Error) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }
}

extension DataLoader {
    /// The batches of one epoch.
    public final class Iterator: IteratorProtocol {
        private enum Source {
            /// Batches are made when they are asked for; the number of the next one.
            case direct(EpochBatches, next: Int)
            case queue(BatchQueue)
            case ended
        }

        private let loader: DataLoader
        private var source: Source

        fileprivate init(_ loader: DataLoader, epoch: Int) {
            self.loader = loader
            if loader.prefetch == 0 {
                source = .direct(EpochBatches(loader, epoch: epoch), next: 0)
            } else {
                let queue = BatchQueue(depth: loader.prefetch)
                // The order is drawn on the thread too: the loader itself is all that it needs.
                queue.start { EpochBatches(loader, epoch: epoch) }
                source = .queue(queue)
            }
        }

        deinit {
            if case .queue(let queue) = source { queue.cancel() }
        }

        /// The next batch; nil at the end, and where the data set failed (see ``DataLoader/check()``).
        public func next() -> Element? {
            do {
                switch source {
                case .direct(let batches, let next) where next < batches.count:
                    source = .direct(batches, next: next + 1)
                    return try batches.batch(next)
                case .queue(let queue):
                    if let batch = try queue.take() { return batch }
                case .direct, .ended:
                    break
                }
            } catch {
                loader.keep(error)
            }
            source = .ended
            return nil
        }
    }
}
