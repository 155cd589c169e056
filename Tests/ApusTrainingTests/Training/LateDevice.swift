import ApusEngine
import ApusGraph
import Synchronization

@testable import ApusTraining

/// A device that has computed a batch only when so many more have been put into its queue, as a GPU may; the numbers
/// themselves are computed by the CPU.
final class LateDevice: Sendable {
    private struct State {
        var begun = 0
        /// The batches that were read, in this order, from 1.
        var read: [Int] = []
        /// Those of them that had to be waited for.
        var waited: [Int] = []
    }

    private let lateness: Int
    private let state = Mutex(State())

    init(lateness: Int) { self.lateness = lateness }

    var read: [Int] { state.withLock { $0.read } }
    var waited: [Int] { state.withLock { $0.waited } }

    /// Reads from this device, where a trainer looks at losses so many steps later.
    func reading(delay: Int) -> BatchReading {
        BatchReading(delay: { _ in delay }, read: { tensors in self.numbers(try Tensor.readLater(tensors)) })
    }

    /// The numbers of the next batch.
    func numbers(_ numbers: any BatchNumbers) -> LateNumbers {
        let batch = state.withLock { state in
            state.begun += 1
            return state.begun
        }
        return LateNumbers(device: self, batch: batch, numbers: numbers)
    }

    fileprivate func isReady(_ batch: Int) -> Bool { state.withLock { $0.begun - batch >= lateness } }

    fileprivate func noteRead(_ batch: Int) {
        let isReady = isReady(batch)
        state.withLock { state in
            state.read.append(batch)
            if !isReady { state.waited.append(batch) }
        }
    }
}

/// The numbers of a batch of a ``LateDevice``.
struct LateNumbers: BatchNumbers {
    let device: LateDevice
    let batch: Int
    let numbers: any BatchNumbers

    var isReady: Bool { device.isReady(batch) }

    func read() throws -> (meanLoss: Double, correctCount: Int) {
        device.noteRead(batch)
        return try numbers.read()
    }
}

/// Numbers that are known, or why they cannot be.
struct KnownNumbers: BatchNumbers {
    let result: Result<(meanLoss: Double, correctCount: Int), TensorError>

    init(_ meanLoss: Double, _ correctCount: Int) { result = .success((meanLoss, correctCount)) }
    init(_ error: TensorError) { result = .failure(error) }

    var isReady: Bool { true }
    func read() throws -> (meanLoss: Double, correctCount: Int) { try result.get() }
}
