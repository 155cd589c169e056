import ApusGraph

/// The logistic loss of yes or no (`torch.nn.functional.soft_margin_loss`): log(1 + e^(−y · x)) for y = ±1, in a form
/// that does not overflow. The target broadcasts to the shape of the input; one that does not is an error (see
/// ``/ApusGraph/withTensorErrors(_:)``).
///
/// - Parameters:
///   - input: scores x, of any shape.
///   - target: y = ±1, of the same shape or one that broadcasts to it.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
public func softMarginLoss(_ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "soft_margin_loss"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireFactor(name, "the target", target, for: input)
        return reduction.apply((-target * input).stableSoftplus(), gradientName: "SoftMarginLossBackward0")
    }
}

/// The logistic loss of yes or no (`torch.nn.SoftMarginLoss`): input and target of one shape [*] → a scalar, or [*]
/// where `reduction` is `.none`; see ``softMarginLoss(_:_:reduction:)``.
open class SoftMarginLoss: Module {
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(reduction: LossReduction = .mean) {
        self.reduction = reduction
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: scores x, of any shape.
    ///   - target: y = ±1, of the same shape or one that broadcasts to it.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { softMarginLoss(input, target, reduction: reduction) }
    }
}
