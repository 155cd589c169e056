import ApusGraph

/// Dropout that keeps the mean and variance of standardised activations, for networks with SELU
/// (`torch.nn.AlphaDropout`; Klambauer et al. 2017).
///
/// [*] → [*]: each element becomes α′ = −1.7581 with probability p, then all are scaled and shifted back to mean 0 and
/// variance 1. In evaluation mode the input itself.
open class AlphaDropout: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that an element is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("AlphaDropout", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.alphaDropout(p: p, training: isTraining) }
}
