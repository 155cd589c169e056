import ApusGraph

/// The logistic function 1 / (1 + e⁻ˣ), element by element (`torch.nn.Sigmoid`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions; it lies in 0 … 1.
open class Sigmoid: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.sigmoid() }
}
