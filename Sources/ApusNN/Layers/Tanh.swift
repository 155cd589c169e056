import ApusGraph

/// The hyperbolic tangent, element by element (`torch.nn.Tanh`).
///
/// The result has the shape of the input.
open class Tanh: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.tanh() }
}
