import ApusGraph
import Foundation

/// The negative log-likelihood of counts under Poisson's distribution (`torch.nn.functional.poisson_nll_loss`).
///
/// ℓ = eˣ − y · x where x is the logarithm of the rate (`logInput`), else x − y · log(x + `eps`). Input and target
/// broadcast.
///
/// - Parameters:
///   - input: the expected counts, or their logarithms: x, of any shape.
///   - target: the counts y, of the same shape.
///   - logInput: whether the input is the logarithm of the counts; `true` by default.
///   - full: whether Stirling's y · log y − y + ½ log(2π · y) is added where y > 1, for the log y! that the loss leaves
///     out; `false` by default.
///   - eps: what keeps the logarithm of a count of 0 finite; `1e-8` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Shapes that do not broadcast, and an input that is not real, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func poissonNLLLoss(
    _ input: Tensor, _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8,
    reduction: LossReduction = .mean
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "poisson_nll_loss"
        try LossOperands.requireReal(name, input)
        try LossOperands.requireBroadcast(name, [("the input", input), ("the target", target)])
        var losses = logInput ? input.exp() - target * input : input - target * (input + eps).log()
        if full {
            let isSmall = target .<= 1
            // Small counts are replaced before the logarithm, so that no gradient passes there.
            let counts = target.cast(to: losses.dtype).maskedFill(isSmall, 1)
            let stirling = counts * counts.log() - counts + (counts * (2 * Double.pi)).log() * 0.5
            losses = losses + stirling.maskedFill(isSmall, 0)
        }
        return reduction.apply(losses)
    }
}

/// The negative log-likelihood of counts (`torch.nn.PoissonNLLLoss`): input and target of one shape [*] → a scalar, or
/// [*] where `reduction` is `.none`; see ``poissonNLLLoss(_:_:logInput:full:eps:reduction:)``.
open class PoissonNLLLoss: Module {
    /// Whether the input is the logarithm of the counts.
    public let logInput: Bool
    /// Whether the constant term is added.
    public let full: Bool
    /// What keeps the logarithm of a count of 0 finite.
    public let eps: Double
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - logInput: whether the input is the logarithm of the counts; `true` by default.
    ///   - full: whether Stirling's y · log y − y + ½ log(2π · y) is added where y > 1, for the log y! that the loss
    ///     leaves out; `false` by default.
    ///   - eps: what keeps the logarithm of a count of 0 finite; `1e-8` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    public init(logInput: Bool = true, full: Bool = false, eps: Double = 1e-8, reduction: LossReduction = .mean) {
        (self.logInput, self.full, self.eps, self.reduction) = (logInput, full, eps, reduction)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: the expected counts, or their logarithms: x, of any shape.
    ///   - target: the counts y, of the same shape.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath {
            poissonNLLLoss(input, target, logInput: logInput, full: full, eps: eps, reduction: reduction)
        }
    }
}
