import ApusGraph

/// The cross-entropies of several labels of yes or no, averaged over the labels
/// (`torch.nn.functional.multilabel_soft_margin_loss`).
///
/// ℓ = −Σ_c w[c] · (y[c] · log σ(x[c]) + (1 − y[c]) · log σ(−x[c])) / C, in a form that is exact for large |x|.
///
/// - Parameters:
///   - input: logits x: [N, C] or [C]; classes are the last dimension.
///   - target: y, 0 or 1 (or between), of the input's shape; the two broadcast.
///   - weight: a factor w for each class, [C]; `nil`, none, by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes that do not broadcast are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func multilabelSoftMarginLoss(
    _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "multilabel_soft_margin_loss"
        try LossOperands.requireReal(name, input)
        guard input.rank > 0 else {
            throw TensorError(name, "the input is a scalar. Expected logits [N, C] or [C].")
        }
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        var losses = input.binaryCrossEntropyOfLogits(target)
        try LossOperands.requireFactor(name, "the weight", weight, for: losses)
        if let weight { losses = losses * weight }
        return reduction.apply(losses.sum(dim: -1) / Double(input.shape[-1]))
    }
}

/// The cross-entropies of several labels (`torch.nn.MultiLabelSoftMarginLoss`): input and target [N, C] → a scalar, or
/// [N] where `reduction` is `.none`; see ``multilabelSoftMarginLoss(_:_:weight:reduction:)``.
open class MultiLabelSoftMarginLoss: Module {
    /// A factor for each class [C]; nil where there is none.
    public let weight: Buffer?
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - weight: a factor w for each class, [C]; `nil`, none, by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(weight: Tensor? = nil, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        self.reduction = reduction
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: logits x: [N, C] or [C]; classes are the last dimension.
    ///   - target: y, 0 or 1 (or between), of the input's shape; the two broadcast.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { multilabelSoftMarginLoss(input, target, weight: weight?.data, reduction: reduction) }
    }
}
