import Dispatch
import Foundation
import Synchronization

/// Batches that a thread makes ahead of their use: at most `depth` are waiting or being made.
final class BatchQueue: Sendable {
    private enum Item: Sendable {
        /// A batch, or nil where all its images were skipped.
        case batch(LoadedBatch?, number: Int)
        case failure(any Error)
        case end
    }

    private struct State {
        var items: [Item] = []
        var isCancelled = false
    }

    private let state = Mutex(State())
    /// How many batches may still be made. Both semaphores start at 0: one that is released below the value that it
    /// started with ends the program, and an abandoned iteration does just that.
    private let free = DispatchSemaphore(value: 0)
    /// How many items are waiting.
    private let filled = DispatchSemaphore(value: 0)

    init(depth: Int) {
        for _ in 0..<depth { free.signal() }
    }

    /// Starts the thread, which begins with batch `first` and ends with the last batch, an error, or ``cancel()``.
    func start(at first: Int, _ makeBatches: @escaping @Sendable () throws -> EpochBatches) {
        let thread = Thread { [self] in
            do {
                let batches = try makeBatches()
                for number in min(first, batches.count)..<batches.count {
                    free.wait()
                    if state.withLock({ $0.isCancelled }) { return }
                    put(.batch(try batches.batch(number), number: number))
                }
                put(.end)
            } catch {
                put(.failure(error))
            }
        }
        thread.name = "apus.loader"
        thread.start()
    }

    private func put(_ item: Item) {
        // A batch that nobody will take is released here, outside of the lock.
        state.withLock { if !$0.isCancelled { $0.items.append(item) } }
        filled.signal()
    }

    /// Waits for the next batch, and gives it with its number; nil after the last. Not to be called again after nil or
    /// an error.
    func take() throws -> (batch: LoadedBatch?, number: Int)? {
        filled.wait()
        switch state.withLock({ $0.items.removeFirst() }) {
        case .batch(let batch, let number):
            free.signal()
            return (batch, number)
        case .failure(let error):
            throw error
        case .end:
            return nil
        }
    }

    /// Ends the thread after the batch that it is making, and drops the batches that are waiting.
    func cancel() {
        let dropped = state.withLock { state in
            state.isCancelled = true
            defer { state.items = [] }
            return state.items
        }
        _ = consume dropped
        free.signal()
    }
}
