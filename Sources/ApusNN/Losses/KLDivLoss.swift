import ApusGraph

/// What becomes of the terms of a Kullback–Leibler divergence.
public enum KLDivReduction: Sendable, Hashable {
    /// Their mean over all elements, which is not the divergence: that is `.batchMean`.
    case mean
    case sum
    /// They are returned one by one.
    case none
    /// Their sum divided by the size of the first dimension: the divergence, averaged over the batch.
    case batchMean
}

/// The Kullback–Leibler divergence of a distribution q from p = eˣ (`torch.nn.functional.kl_div`).
///
/// The terms are q · (log q − x), 0 where q is 0. Input and target broadcast.
///
/// - Parameters:
///   - input: the logarithms x of the probabilities that a model gives, as ``/ApusGraph/Tensor/logSoftmax(dim:)`` makes
///     them: [N, *].
///   - target: the probabilities q, or their logarithms where `logTarget`, of the same shape.
///   - reduction: `.batchMean` is the divergence; PyTorch's default, the mean over all elements, is not; `.mean` by
///     default.
///   - logTarget: whether the target is given as logarithms; `false` by default.
///
/// Shapes that do not broadcast, and an input that is not real, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func klDiv(
    _ input: Tensor, _ target: Tensor, reduction: KLDivReduction = .mean, logTarget: Bool = false
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "kl_div"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        let terms: Tensor
        if logTarget {
            terms = target.exp() * (target - input)
        } else {
            // q · log q is 0 at 0, where its factors are not both finite.
            let logarithm = target.maskedFill(target .== 0, 1).log()
            terms = (target * logarithm - target * input).withGradientName("SubBackward0")
        }
        switch reduction {
        case .none: return terms
        case .sum: return terms.sum()
        case .mean: return terms.mean()
        case .batchMean: return terms.sum() / Double(input.shape.first ?? 1)
        }
    }
}

/// The Kullback–Leibler divergence (`torch.nn.KLDivLoss`): input and target of one shape [N, *] → a scalar, or [N, *]
/// where `reduction` is `.none`; see ``klDiv(_:_:reduction:logTarget:)``.
open class KLDivLoss: Module {
    /// What becomes of the losses.
    public let reduction: KLDivReduction
    /// Whether the target is given as logarithms.
    public let logTarget: Bool

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - reduction: `.batchMean` is the divergence; PyTorch's default, the mean over all elements, is not; `.mean` by
    ///     default.
    ///   - logTarget: whether the target is given as logarithms; `false` by default.
    public init(reduction: KLDivReduction = .mean, logTarget: Bool = false) {
        (self.reduction, self.logTarget) = (reduction, logTarget)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: the logarithms x of the probabilities that a model gives, as ``/ApusGraph/Tensor/logSoftmax(dim:)``
    ///     makes them: [N, *].
    ///   - target: the probabilities q, or their logarithms where `logTarget`, of the same shape.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { klDiv(input, target, reduction: reduction, logTarget: logTarget) }
    }
}
