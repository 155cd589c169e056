import ApusGraph

/// The absolute error |x − y|, its mean or its sum (`torch.nn.functional.l1_loss`).
///
/// At x = y the gradient is 0.
///
/// Input and target [*] → a scalar, or [*] where `reduction` is `.none`.
///
/// - Parameters:
///   - input: the predictions x, of any shape.
///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes that do
///     not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - weight: a factor for each element, of the input's shape; the mean is then Σ w · |x − y| / Σ w; `nil`, none, by
///     default.
public func l1Loss(
    _ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean, weight: Tensor? = nil
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "l1_loss"
        try LossOperands.requireAlike(name, input, target)
        let errors = (input - target).abs()
        guard let weight else { return reduction.apply(errors) }
        return try reduction.apply(errors, elementWeight: weight, for: input, operation: name)
    }
}

/// The mean absolute error (`torch.nn.L1Loss`): input and target of one shape [*] → a scalar, or [*] where `reduction`
/// is `.none`; see ``l1Loss(_:_:reduction:weight:)``.
open class L1Loss: Module {
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
    ///   - target: y, of the input's shape. Other shapes broadcast with PyTorch's warning on standard error; shapes
    ///     that do not are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { l1Loss(input, target, reduction: reduction) }
    }
}
