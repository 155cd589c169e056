import ApusEngine
import Synchronization

/// The numbers of a batch, which may still be computed when they are asked for.
protocol BatchNumbers: Sendable {
    /// Whether they are there: reading them does not wait then.
    var isReady: Bool { get }

    /// The mean loss and how many samples are classified correctly; waits for them.
    func read() throws -> (meanLoss: Double, correctCount: Int)
}

extension DeferredElements: BatchNumbers {
    /// Of the loss and the count, in this order.
    func read() throws -> (meanLoss: Double, correctCount: Int) { (try item(of: 0), try item(of: 1, as: Int.self)) }
}

/// What came of a batch, and of all before it in the same pass over the data; read when it is asked for.
///
/// A batch's metrics are those of the batch before and its own numbers, so that the sums have one order, however late they
/// are read.
final class StepOutcome: Sendable {
    private enum Before: Sendable {
        case known(ClassificationMetrics)
        case outcome(StepOutcome)
    }

    private struct Known: Sendable {
        let meanLoss: Result<Double, any Error>
        let before: ClassificationMetrics
        let metrics: ClassificationMetrics
    }

    private enum State: Sendable {
        case coming(any BatchNumbers, count: Int, before: Before)
        case known(Known)
    }

    private let state: Mutex<State>

    /// The outcome of the first batch, behind metrics that are known.
    init(_ numbers: any BatchNumbers, count: Int, behind metrics: ClassificationMetrics) {
        state = Mutex(.coming(numbers, count: count, before: .known(metrics)))
    }

    /// The outcome of a batch behind another one.
    init(_ numbers: any BatchNumbers, count: Int, behind outcome: StepOutcome) {
        state = Mutex(.coming(numbers, count: count, before: .outcome(outcome)))
    }

    /// The mean loss of the batch; waits for it, and throws why it could not be computed.
    func meanLoss() throws -> Double { try known().meanLoss.get() }

    /// The metrics with this batch; waits for them. A batch that could not be computed adds nothing.
    var metrics: ClassificationMetrics { known().metrics }

    /// The metrics without this batch; waits for them.
    var metricsBefore: ClassificationMetrics { known().before }

    /// The metrics with all batches up to this one whose numbers are there; never waits.
    var arrivedMetrics: ClassificationMetrics {
        let outstanding: Before? = state.withLock { state in
            // Numbers come in order: where these are there, those before are too.
            if case .coming(let numbers, _, let before) = state, !numbers.isReady { before } else { nil }
        }
        return switch outstanding {
        case .known(let metrics): metrics
        case .outcome(let outcome): outcome.arrivedMetrics
        case nil: metrics
        }
    }

    private func known() -> Known {
        state.withLock { state in
            switch state {
            case .known(let known): return known
            case .coming(let numbers, let count, let before):
                let known = Self.known(numbers, count, before)
                state = .known(known)
                return known
            }
        }
    }

    private static func known(_ numbers: any BatchNumbers, _ count: Int, _ before: Before) -> Known {
        let earlier =
            switch before {
            case .known(let metrics): metrics
            case .outcome(let outcome): outcome.metrics
            }
        do {
            let (loss, correct) = try numbers.read()
            var metrics = earlier
            metrics.add(meanLoss: loss, correctCount: correct, count: count)
            return Known(meanLoss: .success(loss), before: earlier, metrics: metrics)
        } catch {
            return Known(meanLoss: .failure(error), before: earlier, metrics: earlier)
        }
    }
}
