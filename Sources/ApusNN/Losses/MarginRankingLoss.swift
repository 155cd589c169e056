import ApusGraph

/// The loss of pairs in the wrong order (`torch.nn.functional.margin_ranking_loss`): max(0, −y · (x₁ − x₂) + `margin`).
///
/// - Parameters:
///   - input1: x₁, [N] or of any other shape.
///   - input2: x₂, likewise.
///   - target: y = 1 where the first shall be larger, −1 where the second.
///   - margin: by how much it shall be larger; `0` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// The three tensors have one number of dimensions, and broadcast; others are an error (see
/// ``/ApusGraph/withTensorErrors(_:)``).
public func marginRankingLoss(
    _ input1: Tensor, _ input2: Tensor, _ target: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input1]) { () throws(TensorError) in
        let name = "margin_ranking_loss"
        guard input1.rank == input2.rank, input1.rank == target.rank else {
            throw TensorError(
                name,
                "the inputs \(input1.shape.brackets) and \(input2.shape.brackets) and the target "
                    + "\(target.shape.brackets) must have the same number of dimensions.")
        }
        try LossOperands.requireBroadcast(
            name, [("the first input", input1), ("the second input", input2), ("the target", target)])
        let losses = (-target * (input1 - input2) + margin).relu().withGradientName("ClampMinBackward0")
        return reduction.apply(losses)
    }
}

/// The loss of pairs in the wrong order (`torch.nn.MarginRankingLoss`): two inputs and a target of one shape [N] → a
/// scalar, or [N] where `reduction` is `.none`; see ``marginRankingLoss(_:_:_:margin:reduction:)``.
open class MarginRankingLoss: Module {
    /// The margin.
    public let margin: Double
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - margin: by how much it shall be larger; `0` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(margin: Double = 0, reduction: LossReduction = .mean) {
        (self.margin, self.reduction) = (margin, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input1: x₁, [N] or of any other shape.
    ///   - input2: x₂, likewise.
    ///   - target: y = 1 where the first shall be larger, −1 where the second.
    public func callAsFunction(_ input1: Tensor, _ input2: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { marginRankingLoss(input1, input2, target, margin: margin, reduction: reduction) }
    }
}
