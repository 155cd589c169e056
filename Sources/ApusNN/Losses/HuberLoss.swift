import ApusGraph

extension Tensor {
    /// ½ d² where |d| ≤ δ, beyond δ · (|d| − ½ δ).
    func huber(delta: Double) -> Tensor {
        .record(Pointwise(.huber), [self, .full([], delta, dtype: dtype)])[0]
    }
}

/// Huber's loss (`torch.nn.functional.huber_loss`): ½ d² where |d| ≤ δ for d = x − y, beyond δ · (|d| − ½ δ).
///
/// Input and target [*] → a scalar, or [*] where `reduction` is `.none`.
///
/// - Parameters:
///   - input: the predictions x, of any shape.
///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes that do
///     not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - delta: δ, where the parabola turns into lines, greater than 0; `1` by default.
///   - weight: a factor for each element, of the input's shape; the mean is over the number of elements; `nil`, none,
///     by default.
///
/// Huber, "Robust estimation of a location parameter", 1964.
public func huberLoss(
    _ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean, delta: Double = 1, weight: Tensor? = nil
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "huber_loss"
        guard delta > 0 else { throw TensorError(name, "delta is \(delta). Expected a number greater than 0.") }
        try LossOperands.requireAlike(name, input, target)
        let difference = input - target
        try LossOperands.requireReal(name, difference)
        let losses = difference.huber(delta: delta)
        guard let weight else { return reduction.apply(losses, gradientName: "HuberLossBackward0") }
        return try reduction.apply(
            losses, elementWeight: weight, for: input, dividesByWeights: false, operation: name)
    }
}

/// Huber's loss (`torch.nn.HuberLoss`): input and target of one shape [*] → a scalar, or [*] where `reduction` is
/// `.none`; see ``huberLoss(_:_:reduction:delta:weight:)``.
open class HuberLoss: Module {
    /// What becomes of the losses.
    public let reduction: LossReduction
    /// δ, where the parabola turns into lines.
    public let delta: Double

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///   - delta: δ, where the parabola turns into lines, greater than 0; `1` by default.
    public init(reduction: LossReduction = .mean, delta: Double = 1) {
        (self.reduction, self.delta) = (reduction, delta)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: the predictions x, of any shape.
    ///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes
    ///     that do not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { huberLoss(input, target, reduction: reduction, delta: delta) }
    }
}
