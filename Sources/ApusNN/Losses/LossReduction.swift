import ApusGraph

/// What becomes of the losses of a batch.
public enum LossReduction: Sendable, Hashable {
    /// Their mean; a weighted one where the loss has class weights.
    case mean
    case sum
    /// They are returned one by one.
    case none
}

extension LossReduction {
    /// The mean, the sum or the losses themselves; NaN is the mean of none, as in PyTorch.
    ///
    /// `gradientName` is what `grad_fn` shows where PyTorch has one name for the whole function.
    func apply(_ losses: Tensor, gradientName: String? = nil) -> Tensor {
        let result =
            switch self {
            case .mean: losses.mean()
            case .sum: losses.sum()
            case .none: losses
            }
        return gradientName.map { result.withGradientName($0) } ?? result
    }
}
