import ApusGraph

/// log σ(x) = −log(1 + e⁻ˣ), element by element (`torch.nn.LogSigmoid`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class LogSigmoid: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.logsigmoid() }
}
