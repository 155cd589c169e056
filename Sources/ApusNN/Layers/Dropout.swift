import ApusGraph

/// Sets each element to zero with probability p and multiplies the others by 1 / (1 − p) (`torch.nn.Dropout`; Srivastava
/// et al. 2014).
///
/// [*] → [*]. In evaluation mode the input itself.
open class Dropout: DropoutBase {
    /// A dropout with probability `p`; one outside of 0 … 1 is an error (see ``withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("Dropout", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.dropout(p: p, training: isTraining) }
}
