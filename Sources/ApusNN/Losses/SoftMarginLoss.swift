import ApusGraph

/// The logistic loss of yes or no (`torch.nn.functional.soft_margin_loss`): log(1 + e^(−y · x)) for y = ±1, in a form
/// that does not overflow. Input and target broadcast; shapes that do not are an error (see ``withTensorErrors(_:)``).
public func softMarginLoss(_ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "soft_margin_loss"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        return reduction.apply((-target * input).stableSoftplus(), gradientName: "SoftMarginLossBackward0")
    }
}

/// The logistic loss of yes or no (`torch.nn.SoftMarginLoss`): input and target of one shape [*] → a scalar, or [*]
/// where `reduction` is `.none`; see ``softMarginLoss(_:_:reduction:)``.
open class SoftMarginLoss: Module {
    public let reduction: LossReduction

    public init(reduction: LossReduction = .mean) {
        self.reduction = reduction
        super.init()
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { softMarginLoss(input, target, reduction: reduction) }
    }
}
