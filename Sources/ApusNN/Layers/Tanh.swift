import ApusGraph

/// The hyperbolic tangent (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), element by element (`torch.nn.Tanh`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions; it lies in −1 … 1.
open class Tanh: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.tanh() }
}
