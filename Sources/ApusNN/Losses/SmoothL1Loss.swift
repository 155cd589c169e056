import ApusGraph

/// The absolute error with a round tip (`torch.nn.functional.smooth_l1_loss`): for d = x − y, ½ d² / β where |d| < β,
/// beyond |d| − ½ β.
///
/// Input and target [*] → a scalar, or [*] where `reduction` is `.none`.
///
/// - Parameters:
///   - input: the predictions x, of any shape.
///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes that do
///     not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - beta: β, where the parabola turns into lines, at least 0; with 0 it is ``l1Loss(_:_:reduction:weight:)``; `1` by
///     default.
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
    /// What becomes of the losses.
    public let reduction: LossReduction
    /// β, where the parabola turns into lines.
    public let beta: Double

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///   - beta: β, where the parabola turns into lines, at least 0; with 0 it is ``l1Loss(_:_:reduction:weight:)``;
    ///     `1` by default.
    public init(reduction: LossReduction = .mean, beta: Double = 1) {
        (self.reduction, self.beta) = (reduction, beta)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: the predictions x, of any shape.
    ///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes
    ///     that do not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { smoothL1Loss(input, target, reduction: reduction, beta: beta) }
    }
}
