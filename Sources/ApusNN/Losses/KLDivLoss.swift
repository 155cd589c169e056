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
///   - input: the logarithms x of the probabilities that a model gives, as ``Tensor/logSoftmax(dim:)`` makes them.
///   - target: the probabilities q, or their logarithms where `logTarget`.
///   - reduction: PyTorch's default, the mean over all elements; `.batchMean` is the divergence.
///
/// Shapes that do not broadcast, and an input that is not real, are an error (see ``withTensorErrors(_:)``).
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
    public let reduction: KLDivReduction
    public let logTarget: Bool

    public init(reduction: KLDivReduction = .mean, logTarget: Bool = false) {
        (self.reduction, self.logTarget) = (reduction, logTarget)
        super.init()
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { klDiv(input, target, reduction: reduction, logTarget: logTarget) }
    }
}
