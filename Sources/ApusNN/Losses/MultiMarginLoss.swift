import ApusGraph

/// The hinge loss of several classes (`torch.nn.functional.multi_margin_loss`):
/// ℓₙ = w[t] · Σ_{i ≠ t} max(0, `margin` − x[n, t] + x[n, i])^`p` / C for the class t of sample n.
///
/// - Parameters:
///   - input: scores x: [N, C], or [C].
///   - target: classes t in 0 ..< C, `int64` or `uint8`: [N], or a scalar for [C]. Others are an error when the loss is
///     computed.
///   - p: the power of the terms, 1 or 2; `1` by default.
///   - margin: by how much the right score shall be larger; `1` by default.
///   - weight: a factor w for each class, [C]; `nil`, none, by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes, types or arguments that do not fit are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func multiMarginLoss(
    _ input: Tensor, _ target: Tensor, p: Int = 1, margin: Double = 1, weight: Tensor? = nil,
    reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "multi_margin_loss"
        try MultiMarginLoss.check(name, p: p, weight: weight)
        guard input.rank == 1 || input.rank == 2, input.shape[-1] > 0 else {
            throw TensorError(
                name, "the input \(input.shape.brackets) must be [N, C] or [C], with at least one class.")
        }
        let loss = try ClassLoss(name, input, target, weight)
        let scores = loss.batched(input)
        let own = loss.picked(of: input, ignoreIndex: nil)
        // A weighted sample's own score, which the weight must not multiply, is picked without weights.
        let negatedScore = try ClassLoss(name, input, target, nil).picked(of: input, ignoreIndex: nil).losses
        let classes = Tensor.arange(loss.classCount, dtype: scores.dtype)
        let isOwn = loss.batchedTarget.cast(to: scores.dtype).unsqueeze(dim: 1) .== classes
        let costs = scores + (negatedScore.unsqueeze(dim: 1) + margin)
        // The class itself would cost the margin; it is left out, and so is a cost of NaN, as in PyTorch.
        let hinges = costs.where((costs .> 0).logicalAnd(isOwn.logicalNot()), else: 0)
        let sums = (p == 2 ? hinges.square() : hinges).sum(dim: 1) / Double(loss.classCount)
        let weighted = weight == nil ? sums : sums * own.weights
        // The mean of no losses is 0 here, as in PyTorch.
        let reduction = reduction == .mean && weighted.count == 0 ? .sum : reduction
        let perSample = reduction == .none ? weighted.reshape(target.shape) : weighted
        return reduction.apply(perSample, gradientName: "MultiMarginLossBackward0")
    }
}

/// The hinge loss of several classes (`torch.nn.MultiMarginLoss`): scores [N, C] and classes [N] → a scalar, or [N]
/// where `reduction` is `.none`; see ``multiMarginLoss(_:_:p:margin:weight:reduction:)``.
open class MultiMarginLoss: Module {
    /// The power of the terms.
    public let p: Int
    /// The margin.
    public let margin: Double
    /// A factor for each class [C]; nil where there is none.
    public let weight: Buffer?
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - p: the power of the terms, 1 or 2; `1` by default.
    ///   - margin: by how much the right score shall be larger; `1` by default.
    ///   - weight: a factor w for each class, [C]; `nil`, none, by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///
    /// A `p` other than 1 and 2, and a weight that is not [C], are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(p: Int = 1, margin: Double = 1, weight: Tensor? = nil, reduction: LossReduction = .mean) {
        (self.p, self.margin, self.reduction) = (p, margin, reduction)
        self.weight = weight.map { Buffer($0) }
        super.init()
        do throws(TensorError) {
            try Self.check("MultiMarginLoss", p: p, weight: weight)
        } catch {
            TensorError.raise(error)
        }
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: scores x: [N, C], or [C].
    ///   - target: classes t in 0 ..< C, `int64` or `uint8`: [N], or a scalar for [C]. Others are an error when the
    ///     loss is computed.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath {
            multiMarginLoss(input, target, p: p, margin: margin, weight: weight?.data, reduction: reduction)
        }
    }

    fileprivate static func check(_ operation: String, p: Int, weight: Tensor?) throws(TensorError) {
        guard p == 1 || p == 2 else { throw TensorError(operation, "p is \(p). Expected 1 or 2.") }
        if let weight, weight.rank != 1 {
            throw TensorError(
                operation, "the weight \(weight.shape.brackets) must have one dimension: one element for each class.")
        }
    }
}
