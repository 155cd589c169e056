import ApusGraph

extension Tensor {
    /// log(1 + e^−|x|): what the softplus log(1 + eˣ) exceeds max(x, 0) by.
    private var softplusExcess: Tensor { (-abs()).exp().log1p() }

    /// log(1 + eˣ), whose slope is σ(x), exact for any x.
    func stableSoftplus() -> Tensor {
        .given(slope: sigmoid(), by: self) { relu() + softplusExcess }
    }

    /// −y · log σ(x) − (1 − y) · log σ(−x) = max(x, 0) − x · y + log(1 + e^−|x|), whose slopes are σ(x) − y and −x.
    func binaryCrossEntropyOfLogits(_ target: Tensor) -> Tensor {
        let target = target.cast(to: dtype)
        return .given(slope: sigmoid() - target, by: self, and: (-self, target)) {
            relu() - self * target + softplusExcess
        }
    }
}

/// The cross-entropy of logits of yes or no (`torch.nn.functional.binary_cross_entropy_with_logits`).
///
/// ℓ = −w · (p · y · log σ(x) + (1 − y) · log(1 − σ(x))), in a form that is exact for large |x|.
///
/// - Parameters:
///   - input: logits x, any real numbers, of any shape.
///   - target: real numbers y of the input's shape, usually 0 ... 1.
///   - weight: a factor w for each element that broadcasts to the input's shape; `nil`, none, by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - posWeight: the weight p of the answer yes, that broadcasts to the input's shape: [C] where the input is [N, C];
///     `nil`, which is 1, by default.
///
/// Shapes that differ, and types that are not real, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func binaryCrossEntropyWithLogits(
    _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean,
    posWeight: Tensor? = nil
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "binary_cross_entropy_with_logits"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireEqual(name, [("the input", input), ("the target", target)])
        guard target.dtype.isFloatingPoint else {
            throw TensorError(
                name, "the target \(target.shape.brackets) is \(target.dtype). Use .cast(to: .\(input.dtype)).")
        }
        try LossOperands.requireFactor(name, "the weight", weight, for: input)
        try LossOperands.requireFactor(name, "posWeight", posWeight, for: input)
        var losses: Tensor
        if let posWeight {
            // log(1 + e^−x) counts once for the answer no and posWeight times for yes.
            let scale = (posWeight - 1) * target + 1
            losses = (1 - target) * input + scale * (-input).stableSoftplus()
        } else {
            losses = input.binaryCrossEntropyOfLogits(target)
        }
        if let weight { losses = losses * weight }
        return reduction.apply(losses, gradientName: "BinaryCrossEntropyWithLogitsBackward0")
    }
}

/// The cross-entropy of logits of yes or no (`torch.nn.BCEWithLogitsLoss`): input and target of one shape [*] → a
/// scalar, or [*] where `reduction` is `.none`; see
/// ``binaryCrossEntropyWithLogits(_:_:weight:reduction:posWeight:)``.
open class BCEWithLogitsLoss: Module {
    /// A factor for each element; nil where there is none.
    public let weight: Buffer?
    /// The weight of the answer yes; nil where it is 1.
    public let posWeight: Buffer?
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - weight: a factor w for each element that broadcasts to the input's shape; `nil`, none, by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///   - posWeight: the weight p of the answer yes, that broadcasts to the input's shape: [C] where the input is [N,
    ///     C]; `nil`, which is 1, by default.
    public init(weight: Tensor? = nil, reduction: LossReduction = .mean, posWeight: Tensor? = nil) {
        self.weight = weight.map { Buffer($0) }
        self.posWeight = posWeight.map { Buffer($0) }
        self.reduction = reduction
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: logits x, any real numbers, of any shape.
    ///   - target: real numbers y of the input's shape, usually 0 ... 1.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath {
            binaryCrossEntropyWithLogits(
                input, target, weight: weight?.data, reduction: reduction, posWeight: posWeight?.data)
        }
    }
}
