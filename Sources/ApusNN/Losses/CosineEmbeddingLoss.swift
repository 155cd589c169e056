import ApusGraph

/// The loss of angles between pairs (`torch.nn.functional.cosine_embedding_loss`): 1 − cos where y = 1, and
/// max(0, cos − `margin`) where y = −1; 0 for any other y, as in PyTorch.
///
/// cos is Σ a · b / √((Σ a² + ε) · (Σ b² + ε)) with ε = 10⁻¹².
///
/// - Parameters:
///   - input1: [N, D], or [D].
///   - input2: likewise; the two broadcast.
///   - target: y, [N], or a scalar for [D].
///   - margin: −1 to 1; 0 to ½ is usual; `0` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Other shapes are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func cosineEmbeddingLoss(
    _ input1: Tensor, _ input2: Tensor, _ target: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input1]) { () throws(TensorError) in
        let name = "cosine_embedding_loss"
        guard target.rank <= 1, input1.rank == target.rank + 1, input2.rank == target.rank + 1 else {
            throw TensorError(
                name,
                "the inputs \(input1.shape.brackets) and \(input2.shape.brackets) do not fit the target "
                    + "\(target.shape.brackets). Expected [N, D], [N, D] and [N], or [D], [D] and a scalar.")
        }
        let operands = [("the first input", input1), ("the second input", input2)]
        try LossOperands.requireBroadcast(name, operands)
        let dimension = target.rank
        func inner(_ a: Tensor, _ b: Tensor) -> Tensor { (a * b).sum(dim: dimension) }
        let epsilon = 1e-12
        let squares = (inner(input1, input1) + epsilon) * (inner(input2, input2) + epsilon)
        let cosine = inner(input1, input2) / squares.sqrt()
        try LossOperands.requireBroadcast(name, [("the cosines", cosine), ("the target", target)])
        let zero = Tensor.zeros([], dtype: cosine.dtype)
        let together = (1 - cosine).where(target .== 1, else: zero)
        let apart = (cosine - margin).relu().where(target .== -1, else: zero)
        return reduction.apply(together + apart)
    }
}

/// The loss of angles between pairs (`torch.nn.CosineEmbeddingLoss`): [N, D], [N, D] and [N] → a scalar, or [N] where
/// `reduction` is `.none`; see ``cosineEmbeddingLoss(_:_:_:margin:reduction:)``.
open class CosineEmbeddingLoss: Module {
    /// The margin.
    public let margin: Double
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - margin: −1 to 1; 0 to ½ is usual; `0` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(margin: Double = 0, reduction: LossReduction = .mean) {
        (self.margin, self.reduction) = (margin, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input1: [N, D], or [D].
    ///   - input2: likewise; the two broadcast.
    ///   - target: y, [N], or a scalar for [D].
    public func callAsFunction(_ input1: Tensor, _ input2: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { cosineEmbeddingLoss(input1, input2, target, margin: margin, reduction: reduction) }
    }
}
