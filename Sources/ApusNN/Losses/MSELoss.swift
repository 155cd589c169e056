import ApusGraph

/// The squared error (x − y)², its mean or its sum (`torch.nn.functional.mse_loss`).
///
/// Input and target [*] → a scalar, or [*] where `reduction` is `.none`.
///
/// - Parameters:
///   - input: the predictions x, of any shape.
///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error: [N] against
///     [N, 1] compares every pair, which is seldom meant. Shapes that do not are an error (see
///     ``/ApusGraph/withTensorErrors(_:)``).
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - weight: a factor for each element, of the input's shape; the mean is then Σ w · (x − y)² / Σ w; `nil`, none, by
///     default.
public func mseLoss(
    _ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean, weight: Tensor? = nil
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "mse_loss"
        try LossOperands.requireAlike(name, input, target)
        let difference = input - target
        try LossOperands.requireReal(name, difference)
        guard let weight else { return reduction.apply(difference.square(), gradientName: "MseLossBackward0") }
        return try reduction.apply(difference.square(), elementWeight: weight, for: input, operation: name)
    }
}

/// The mean squared error (`torch.nn.MSELoss`): input and target of one shape [*] → a scalar, or [*] where `reduction`
/// is `.none`; see ``mseLoss(_:_:reduction:weight:)``.
open class MSELoss: Module {
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
    ///   - input: the predictions x, of any shape.
    ///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error: [N]
    ///     against [N, 1] compares every pair, which is seldom meant. Shapes that do not are an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``).
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { mseLoss(input, target, reduction: reduction) }
    }
}
