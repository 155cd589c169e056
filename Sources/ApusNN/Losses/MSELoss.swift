import ApusGraph

/// The squared error (x − y)², its mean or its sum (`torch.nn.functional.mse_loss`).
///
/// - Parameters:
///   - target: of the input's shape. Other shapes broadcast with PyTorch's warning on standard error: [N] against
///     [N, 1] compares every pair, which is seldom meant. Shapes that do not are an error (see
///     ``withTensorErrors(_:)``).
///   - weight: a factor for each element, of the input's shape; the mean is then Σ w · (x − y)² / Σ w.
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
    public let reduction: LossReduction

    public init(reduction: LossReduction = .mean) {
        self.reduction = reduction
        super.init()
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { mseLoss(input, target, reduction: reduction) }
    }
}
