import ApusGraph

/// x − tanh x, element by element (`torch.nn.Tanhshrink`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Tanhshrink: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.tanhshrink() }
}
