import ApusEngine
import ApusGraph

/// How the numbers of batches are read: a test puts another way in its place.
struct BatchReading {
    /// How many batches later the numbers of a batch are looked at.
    ///
    /// A GPU computes one batch while the host records the next, which is all that can be won where the host is faster
    /// than the GPU. Each further step would keep its batch, and with ``NaNGuard`` the weights before it, in the GPU's
    /// memory: their blocks take turns, and already with 2 steps batches (of 3 blocks) and weights (of 4) meet in 12
    /// ways, more than the 8 of which a plan keeps recordings. The number is fixed, although numbers may be there earlier,
    /// so that the blocks' order repeats, and so that a run that fails has made the same updates whenever it is repeated.
    /// The CPU has computed a batch before it can be read.
    var delay: (Device) -> Int = { $0 == .cpu ? 0 : 1 }

    /// Begins to read the loss and the count of correct samples, in this order.
    var read: ([Tensor]) throws -> any BatchNumbers = { try Tensor.readLater($0) }
}

/// The batches of a pass over the data whose numbers have not been looked at, the oldest first.
struct OutstandingBatches<Batch> {
    private let start: ClassificationMetrics
    private var last: StepOutcome?
    private var batches: [(outcome: StepOutcome, batch: Batch)] = []

    /// Of a pass whose earlier batches, if any, have these metrics.
    init(behind metrics: ClassificationMetrics = ClassificationMetrics()) { start = metrics }

    /// The metrics with all batches; waits for them.
    var metrics: ClassificationMetrics { last?.metrics ?? start }

    /// Adds a batch of `count` samples behind all others.
    mutating func append(_ numbers: any BatchNumbers, count: Int, _ batch: Batch) -> StepOutcome {
        let outcome =
            last.map { StepOutcome(numbers, count: count, behind: $0) }
            ?? StepOutcome(numbers, count: count, behind: start)
        last = outcome
        batches.append((outcome, batch))
        return outcome
    }

    /// Takes the oldest batch out where more than `count` are left.
    mutating func removeOldest(leaving count: Int) -> (outcome: StepOutcome, batch: Batch)? {
        batches.count > count ? batches.removeFirst() : nil
    }

    /// Waits for all batches but the last `count`, and throws why one could not be computed.
    mutating func check(leaving count: Int) throws {
        while let (outcome, _) = removeOldest(leaving: count) { _ = try outcome.meanLoss() }
    }
}
