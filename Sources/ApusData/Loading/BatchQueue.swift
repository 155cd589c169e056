import Dispatch
import Foundation
import Synchronization

/// Batches that a thread makes ahead of their use: at most `depth` are waiting or being made.
final class BatchQueue: Sendable {
    private enum Item: Sendable {
        case batch(DataLoader.Element)
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

    /// Starts the thread, which ends with the last batch, an error, or ``cancel()``.
    func start(_ makeBatches: @escaping @Sendable () -> EpochBatches) {
        let thread = Thread { [self] in
            let batches = makeBatches()
            for number in 0..<batches.count {
                free.wait()
                if state.withLock({ $0.isCancelled }) { return }
                do {
                    put(.batch(try batches.batch(number)))
                } catch {
                    put(.failure(error))
                    return
                }
            }
            put(.end)
        }
        thread.name = "apus.loader"
        thread.start()
    }

    private func put(_ item: Item) {
        // A batch that nobody will take is released here, outside of the lock.
        state.withLock { if !$0.isCancelled { $0.items.append(item) } }
        filled.signal()
    }

    /// Waits for the next batch; nil after the last. Not to be called again after nil or an error.
    func take() throws -> DataLoader.Element? {
        filled.wait()
        switch state.withLock({ $0.items.removeFirst() }) {
        case .batch(let batch):
            free.signal()
            return batch
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
