import ApusGraph

/// The logistic function 1 / (1 + e⁻ˣ), element by element (`torch.nn.Sigmoid`).
///
/// The result has the shape of the input.
open class Sigmoid: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.sigmoid() }
}
