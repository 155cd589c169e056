import ApusGraph

/// Returns its input (`torch.nn.Identity`): a placeholder for a layer that is left out.
open class Identity: Module {
    override open func forward(_ input: Tensor) -> Tensor { input }
}
