import ApusGraph

/// The hinge loss of several labels (`torch.nn.functional.multilabel_margin_loss`):
/// ℓₙ = Σ_j Σ_i max(0, 1 − (x[n, y_j] − x[n, i])) / C over the labels y_j of sample n and the classes i that are none.
///
/// - Parameters:
///   - input: scores x: [N, C], or [C].
///   - target: `int64` of the input's shape; each row lists labels in 0 ..< C up to the first −1. Numbers outside of −1
///     ..< C, wherever they stand, are an error when the loss is computed.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes or types that do not fit are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func multilabelMarginLoss(
    _ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = MultiLabelMargin.name
        guard input.rank <= 2 else {
            throw TensorError(name, "the input \(input.shape.brackets) must be [N, C] or [C].")
        }
        try LossOperands.requireEqual(name, [("the input", input), ("the target", target)])
        let rows = input.rank == 2 ? input.shape : [1, input.count]
        let losses = Tensor.record(MultiLabelMargin(), input.reshape(rows), target.reshape(rows))
        let perSample = input.rank == 2 ? losses : losses.reshape([])
        let reduction = reduction == .mean && losses.count == 0 ? .sum : reduction
        return reduction.apply(perSample, gradientName: "MultilabelMarginLossBackward0")
    }
}

/// The hinge loss of several labels (`torch.nn.MultiLabelMarginLoss`): scores and labels [N, C] → a scalar, or [N]
/// where `reduction` is `.none`; see ``multilabelMarginLoss(_:_:reduction:)``.
open class MultiLabelMarginLoss: Module {
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
    ///   - input: scores x: [N, C], or [C].
    ///   - target: `int64` of the input's shape; each row lists labels in 0 ..< C up to the first −1. Numbers outside
    ///     of −1 ..< C, wherever they stand, are an error when the loss is computed.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { multilabelMarginLoss(input, target, reduction: reduction) }
    }
}
