import ApusGraph

/// x / (1 + |x|), element by element (`torch.nn.Softsign`; Bergstra et al. 2009).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Softsign: Module {
    override open func forward(_ input: Tensor) -> Tensor { input.softsign() }
}
