import ApusGraph

/// The hinge loss of distances of pairs (`torch.nn.functional.hinge_embedding_loss`): x where y = 1, for pairs that
/// belong together, and max(0, `margin` − x) where y = −1. Input and target broadcast.
///
/// Any other y counts as both, as in PyTorch. Shapes that do not broadcast are an error (see
/// ``/ApusGraph/withTensorErrors(_:)``).
///
/// - Parameters:
///   - input: distances x, of any shape.
///   - target: 1 or −1 for each, of the same shape.
///   - margin: beyond which a pair that does not belong together costs nothing; `1` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
public func hingeEmbeddingLoss(
    _ input: Tensor, _ target: Tensor, margin: Double = 1, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "hinge_embedding_loss"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        let apart = (margin - input).relu().maskedFill(target .== 1, 0)
        let together = input.maskedFill(target .== -1, 0)
        return reduction.apply(apart + together)
    }
}

/// The hinge loss of distances of pairs (`torch.nn.HingeEmbeddingLoss`): input and target of one shape [*] → a scalar,
/// or [*] where `reduction` is `.none`; see ``hingeEmbeddingLoss(_:_:margin:reduction:)``.
open class HingeEmbeddingLoss: Module {
    /// The margin.
    public let margin: Double
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - margin: beyond which a pair that does not belong together costs nothing; `1` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(margin: Double = 1, reduction: LossReduction = .mean) {
        (self.margin, self.reduction) = (margin, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: distances x, of any shape.
    ///   - target: 1 or −1 for each, of the same shape.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { hingeEmbeddingLoss(input, target, margin: margin, reduction: reduction) }
    }
}
