import ApusGraph
import Foundation

/// The negative log-likelihood under a normal distribution whose mean and variance a model gives
/// (`torch.nn.functional.gaussian_nll_loss`).
///
/// ℓ = ½ · (log v + (x − y)² / v) for v = max(variance, `eps`); the gradient passes the maximum as if it were not
/// there. Input and target broadcast.
///
/// - Parameters:
///   - input: the means x, [N, *].
///   - target: the observations y, of the same shape.
///   - variance: of the input's shape; or with 1 in the place of one of its sizes, or without its last dimension: one
///     variance for several means. A negative one is an error when the loss is computed.
///   - full: whether the constant ½ log 2π is added; `false` by default.
///   - eps: the smallest variance that counts; `1e-6` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes that do not fit, and types that are not real, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
///
/// Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
public func gaussianNLLLoss(
    _ input: Tensor, _ target: Tensor, _ variance: Tensor, full: Bool = false, eps: Double = 1e-6,
    reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = VarianceFloor.name
        try LossOperands.requireReal(name, input)
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        let aligned = try alignedVariance(variance, to: input)
        let floored = Tensor.record(VarianceFloor(eps), aligned)
        var losses = (floored.log() + (input - target).square() / floored) * 0.5
        if full { losses = losses + 0.5 * log(2 * Double.pi) }
        return reduction.apply(losses)
    }
}

/// ``gaussianNLLLoss(_:_:_:full:eps:reduction:)`` with one variance, at least 0, for all elements.
///
/// - Parameters:
///   - input: the means x, [N, *].
///   - target: the observations y, of the same shape.
///   - variance: one variance for all elements, at least 0.
///   - full: whether the constant ½ log 2π is added; `false` by default.
///   - eps: the smallest variance that counts; `1e-6` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
public func gaussianNLLLoss(
    _ input: Tensor, _ target: Tensor, variance: Double, full: Bool = false, eps: Double = 1e-6,
    reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        guard variance >= 0 else {
            throw TensorError(VarianceFloor.name, "the variance is \(variance). Expected 0 or a greater number.")
        }
        let variances = Tensor.full(input.shape, variance, dtype: input.dtype)
        return gaussianNLLLoss(input, target, variances, full: full, eps: eps, reduction: reduction)
    }
}

/// The variance in a shape that broadcasts to the input's, by PyTorch's rule.
private func alignedVariance(_ variance: Tensor, to input: Tensor) throws(TensorError) -> Tensor {
    guard variance.shape != input.shape else { return variance }
    let sizes = input.shape.dimensions
    if input.rank > 0, variance.shape.dimensions == Array(sizes.dropLast()) { return variance.unsqueeze(dim: -1) }
    let different = zip(sizes, variance.shape.dimensions).filter { $0 != $1 }.map(\.1)
    guard input.rank == variance.rank, different.reduce(0, +) == 1 else {
        let shorter = input.rank > 0 ? ", or \(Shape(Array(sizes.dropLast())).brackets)" : ""
        throw TensorError(
            VarianceFloor.name,
            "the variance \(variance.shape.brackets) does not fit the input \(input.shape.brackets). Expected the "
                + "input's shape, with 1 in the place of at most one size\(shorter).")
    }
    return variance
}

/// The negative log-likelihood under a normal distribution (`torch.nn.GaussianNLLLoss`): means and observations of one
/// shape [N, *], variances [N, *] → a scalar, or [N, *] where `reduction` is `.none`; see
/// ``gaussianNLLLoss(_:_:_:full:eps:reduction:)``.
open class GaussianNLLLoss: Module {
    /// Whether the constant term is added.
    public let full: Bool
    /// The smallest variance that counts.
    public let eps: Double
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - full: whether the constant ½ log 2π is added; `false` by default.
    ///   - eps: the smallest variance that counts; `1e-6` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(full: Bool = false, eps: Double = 1e-6, reduction: LossReduction = .mean) {
        (self.full, self.eps, self.reduction) = (full, eps, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: the means x, [N, *].
    ///   - target: the observations y, of the same shape.
    ///   - variance: of the input's shape; or with 1 in the place of one of its sizes, or without its last dimension:
    ///     one variance for several means. A negative one is an error when the loss is computed.
    public func callAsFunction(_ input: Tensor, _ target: Tensor, _ variance: Tensor) -> Tensor {
        withModulePath { gaussianNLLLoss(input, target, variance, full: full, eps: eps, reduction: reduction) }
    }

    /// The loss of a batch with one variance for all elements.
    ///
    /// - Parameters:
    ///   - input: the means x, [N, *].
    ///   - target: the observations y, of the same shape.
    ///   - variance: one variance for all elements, at least 0.
    public func callAsFunction(_ input: Tensor, _ target: Tensor, variance: Double) -> Tensor {
        withModulePath {
            gaussianNLLLoss(input, target, variance: variance, full: full, eps: eps, reduction: reduction)
        }
    }
}
