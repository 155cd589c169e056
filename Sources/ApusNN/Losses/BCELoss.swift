import ApusGraph

/// The cross-entropy of probabilities of yes or no (`torch.nn.functional.binary_cross_entropy`).
///
/// ℓ = −w · (y · log x + (1 − y) · log(1 − x)), with both logarithms cut at −100, so that a certain and wrong x costs
/// 100 and not infinity. For outputs of a linear layer use
/// ``binaryCrossEntropyWithLogits(_:_:weight:reduction:posWeight:)``, which is exact for large ones.
///
/// - Parameters:
///   - input: probabilities x in 0 ... 1, of any shape; others are an error when the loss is computed.
///   - target: real numbers y in 0 ... 1 of the input's shape; others are an error when the loss is computed.
///   - weight: a factor w for each element that broadcasts to the input's shape; `nil`, none, by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes that differ, and types that are not real, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func binaryCrossEntropy(
    _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = BinaryCrossEntropy.name
        try LossOperands.requireEqual(name, [("the input", input), ("the target", target)])
        try LossOperands.requireFactor(name, "the weight", weight, for: input)
        let losses = Tensor.record(BinaryCrossEntropy(), input, target)
        return reduction.apply(weight.map { losses * $0 } ?? losses, gradientName: "BinaryCrossEntropyBackward0")
    }
}

/// The cross-entropy of probabilities of yes or no (`torch.nn.BCELoss`): input and target of one shape [*] → a scalar,
/// or [*] where `reduction` is `.none`; see ``binaryCrossEntropy(_:_:weight:reduction:)``.
open class BCELoss: Module {
    /// A factor for each element; nil where there is none.
    public let weight: Buffer?
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - weight: a factor w for each element that broadcasts to the input's shape; `nil`, none, by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(weight: Tensor? = nil, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        self.reduction = reduction
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: probabilities x in 0 ... 1, of any shape; others are an error when the loss is computed.
    ///   - target: real numbers y in 0 ... 1 of the input's shape; others are an error when the loss is computed.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { binaryCrossEntropy(input, target, weight: weight?.data, reduction: reduction) }
    }
}
