import ApusGraph

/// The negative logarithm of the probability of the right classes (`torch.nn.functional.nll_loss`).
///
/// ℓₙ = −w[tₙ] · x[n, tₙ], and 0 where tₙ is `ignoreIndex`; the mean is Σ ℓₙ / Σ w[tₙ] over what is not ignored.
///
/// - Parameters:
///   - input: log-probabilities x: [N, C], [N, C, d₁, …] or [C], as ``/ApusGraph/Tensor/logSoftmax(dim:)`` makes them.
///   - target: classes t in 0 ..< C, `int64` or `uint8`: [N], [N, d₁, …], or a scalar or [1] for [C]. Others are an
///     error when the loss is computed.
///   - weight: a factor w for each class, [C]; `nil`, none, by default.
///   - ignoreIndex: the class of samples that do not count; `-100` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes or types that do not fit are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func nllLoss(
    _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
    reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        try ClassLoss("nll_loss", input, target, weight).negativeLogLikelihood(
            of: input, ignoreIndex: ignoreIndex, reduction)
    }
}

/// ``nllLoss(_:_:weight:ignoreIndex:reduction:)`` as a module (`torch.nn.NLLLoss`): log-probabilities [N, C, …] and
/// classes [N, …] → a scalar, or [N, …] where `reduction` is `.none`.
open class NLLLoss: Module {
    /// A factor for each class [C]; nil where there is none.
    public let weight: Buffer?
    /// The class of samples that do not count.
    public let ignoreIndex: Int
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - weight: a factor w for each class, [C]; `nil`, none, by default.
    ///   - ignoreIndex: the class of samples that do not count; `-100` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        (self.ignoreIndex, self.reduction) = (ignoreIndex, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: log-probabilities x: [N, C], [N, C, d₁, …] or [C], as ``/ApusGraph/Tensor/logSoftmax(dim:)`` makes
    ///     them.
    ///   - target: classes t in 0 ..< C, `int64` or `uint8`: [N], [N, d₁, …], or a scalar or [1] for [C]. Others are an
    ///     error when the loss is computed.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath {
            nllLoss(input, target, weight: weight?.data, ignoreIndex: ignoreIndex, reduction: reduction)
        }
    }
}

/// The checked operands of a loss over classes.
struct ClassLoss {
    let operation: String
    /// [N, …], or a scalar without a batch; `int64`.
    let target: Tensor
    /// [C]
    let weight: Tensor?
    let classDimension: Int
    let classCount: Int
    private let isUnbatched: Bool

    init(
        _ operation: String, _ input: Tensor, _ target: Tensor, _ weight: Tensor?
    ) throws(TensorError) {
        guard target.dtype.isInteger else {
            throw TensorError(
                operation,
                "the target \(target.shape.brackets) is \(target.dtype). Classes are int64 or uint8; "
                    + "probabilities are real and have the input's shape \(input.shape.brackets).")
        }
        try self.init(operation, input: input, target: target.cast(to: .int64), weight)
        let expected = input.shape.without(dimension: classDimension)
        // One class beside [C] may be written with or without its dimension.
        guard target.shape == expected || (isUnbatched && target.shape == [1]) else {
            let hint =
                target.shape.first != input.shape.first && input.rank > 1
                ? " The input holds \(input.shape[0]) samples, the target \(target.shape.first ?? 0)." : ""
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) asks for classes of shape \(expected.brackets), "
                    + "but the target has shape \(target.shape.brackets).\(hint)")
        }
    }

    /// Operands whose target is not checked: probabilities.
    init(_ operation: String, input: Tensor, target: Tensor, _ weight: Tensor?) throws(TensorError) {
        self.operation = operation
        self.target = target
        guard input.rank >= 1, input.dtype.isFloatingPoint else {
            throw TensorError(
                operation,
                "the input is \(input.dtype) \(input.shape.brackets). Expected real numbers [N, C], [N, C, "
                    + "d₁, …] or [C].")
        }
        isUnbatched = input.rank == 1
        classDimension = isUnbatched ? 0 : 1
        classCount = input.shape[classDimension]
        self.weight = weight?.cast(to: input.dtype)
        if let weight, weight.shape != [classCount] {
            throw TensorError(
                operation,
                "the weight \(weight.shape.brackets) must have one element for each of the \(classCount) "
                    + "classes of the input \(input.shape.brackets): [\(classCount)].")
        }
    }

    /// The input with a dimension of samples.
    func batched(_ input: Tensor) -> Tensor { isUnbatched ? input.unsqueeze(dim: 0) : input }

    /// The classes with a dimension of samples.
    var batchedTarget: Tensor { target.rank == 0 ? target.unsqueeze(dim: 0) : target }

    /// −w[tₙ] · x[n, tₙ] for each sample, and the weights w[tₙ], which take no gradient.
    func picked(
        of input: Tensor, ignoreIndex: Int?, gradientName: String? = nil
    ) -> (losses: Tensor, weights: Tensor) {
        let primitive = NegativeLogLikelihood(ignoreIndex: ignoreIndex, isWeighted: weight != nil)
        let operands = [batched(input), batchedTarget] + (weight.map { [$0] } ?? [])
        let results = Tensor.record(primitive, operands, gradientName: gradientName)
        // After an error there is one result, which is poisoned.
        return (results[0], results[results.count - 1].detach())
    }

    /// What the mean of ``negativeLogLikelihood(of:ignoreIndex:_:)`` is for the logarithm of softmax, in one operation.
    ///
    /// - Parameters:
    ///   - input: the logits, [N, C, …].
    ///   - ignoreIndex: the class that takes no part.
    func meanCrossEntropy(of input: Tensor, ignoreIndex: Int) -> Tensor {
        let primitive = MeanCrossEntropy(NegativeLogLikelihood(ignoreIndex: ignoreIndex, isWeighted: weight != nil))
        return Tensor.recordOne(
            primitive, weight.map { [input, target, $0] } ?? [input, target], gradientName: Self.gradientName(input))
    }

    /// PyTorch's name of its kernel.
    private static func gradientName(_ input: Tensor) -> String {
        input.rank > 2 ? "NllLoss2DBackward0" : "NllLossBackward0"
    }

    /// The loss of log-probabilities.
    func negativeLogLikelihood(of input: Tensor, ignoreIndex: Int, _ reduction: LossReduction) -> Tensor {
        let name = Self.gradientName(input)
        let (losses, weights) = picked(of: input, ignoreIndex: ignoreIndex, gradientName: name)
        let all = Array(0..<losses.rank)
        func sum(_ name: String?) -> Tensor {
            Tensor.record(Reduction(.sum, all, keepDim: false), [losses], gradientName: name)[0]
        }
        switch reduction {
        case .none: return isUnbatched ? losses.squeeze(dim: 0).withGradientName(name) : losses
        case .sum: return sum(name)
        case .mean: return Tensor.record(Pointwise(.div), [sum(nil), weights.sum()], gradientName: name)[0]
        }
    }

    /// The weight, or another [C], in a shape that broadcasts over the input.
    func perClass(_ weight: Tensor, _ input: Tensor) -> Tensor {
        var sizes = [Int](repeating: 1, count: input.rank)
        sizes[classDimension] = classCount
        return weight.reshape(Shape(sizes))
    }
}
