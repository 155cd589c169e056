import ApusGraph

/// The absolute error with a round tip (`torch.nn.functional.smooth_l1_loss`): for d = x − y, ½ d² / β where |d| < β,
/// beyond |d| − ½ β.
///
/// - Parameters:
///   - target: of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes that do
///     not are an error (see ``withTensorErrors(_:)``).
///   - beta: where the parabola turns into lines, at least 0; with 0 it is ``l1Loss(_:_:reduction:weight:)``.
///
/// Girshick, "Fast R-CNN", 2015.
public func smoothL1Loss(
    _ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean, beta: Double = 1
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "smooth_l1_loss"
        guard beta >= 0 else { throw TensorError(name, "beta is \(beta). Expected 0 or a greater number.") }
        guard beta > 0 else { return l1Loss(input, target, reduction: reduction) }
        try LossOperands.requireAlike(name, input, target)
        let difference = input - target
        try LossOperands.requireReal(name, difference)
        let losses = difference.huber(delta: beta)
        return reduction.apply(beta == 1 ? losses : losses / beta, gradientName: "SmoothL1LossBackward0")
    }
}

/// The absolute error with a round tip (`torch.nn.SmoothL1Loss`): input and target of one shape [*] → a scalar, or [*]
/// where `reduction` is `.none`; see ``smoothL1Loss(_:_:reduction:beta:)``.
open class SmoothL1Loss: Module {
    public let reduction: LossReduction
    public let beta: Double

    public init(reduction: LossReduction = .mean, beta: Double = 1) {
        (self.reduction, self.beta) = (reduction, beta)
        super.init()
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { smoothL1Loss(input, target, reduction: reduction, beta: beta) }
    }
}
