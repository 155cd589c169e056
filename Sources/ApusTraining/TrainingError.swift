/// Why a training run cannot go on.
public enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The loss of a training step is not a number; both count from 1.
    case lossIsNaN(epoch: Int, step: Int)
    /// The loss of the evaluation after an epoch is not a number.
    case evaluationLossIsNaN(epoch: Int)
    /// A data set without samples, or of fewer than one batch where the last batch is dropped.
    case noBatches

    public var description: String {
        switch self {
        case .lossIsNaN(let epoch, let step):
            "the loss is not a number (NaN) in epoch \(epoch), step \(step). Use a smaller learning rate."
        case .evaluationLossIsNaN(let epoch):
            "the loss is not a number (NaN) in the evaluation after epoch \(epoch). Use a smaller learning rate."
        case .noBatches:
            "the data set gives no batch. Use a data set with samples, and a batch size no larger than their number."
        }
    }
}
