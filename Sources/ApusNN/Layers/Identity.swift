import ApusGraph

/// Returns its input (`torch.nn.Identity`): a placeholder for a layer that is left out. [*] → [*].
///
/// PyTorch's takes any arguments and ignores them; this one takes none.
open class Identity: Module {
    override open func forward(_ input: Tensor) -> Tensor { input }
}
