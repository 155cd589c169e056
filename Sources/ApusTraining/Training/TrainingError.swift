/// Why a training run cannot go on.
public enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The loss of a training step is not a number; epoch and step count from 1. The origin says where the first such
    /// number arose, where ``NaNGuard`` has found it.
    case lossIsNaN(epoch: Int, step: Int, origin: String? = nil)
    /// The loss of the evaluation after an epoch is not a number.
    case evaluationLossIsNaN(epoch: Int)
    /// A data set without samples, or of fewer than one batch where the last batch is dropped.
    case noBatches

    public var description: String {
        switch self {
        case .lossIsNaN(let epoch, let step, let origin):
            "the loss is not a number (NaN) in epoch \(epoch), step \(step)\(origin.map { ": \($0)" } ?? ""). "
                + "Use a smaller learning rate."
        case .evaluationLossIsNaN(let epoch):
            "the loss is not a number (NaN) in the evaluation after epoch \(epoch). Use a smaller learning rate."
        case .noBatches:
            "the data set gives no batch. Use a data set with samples, and a batch size no larger than their number."
        }
    }
}
