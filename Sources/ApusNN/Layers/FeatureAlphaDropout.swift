import ApusGraph

/// Alpha dropout of whole channels (`torch.nn.FeatureAlphaDropout`; Klambauer et al. 2017).
///
/// [N, C, …] → the same shape: each channel of each sample becomes α′ = −1.7581 with probability p, then all are scaled
/// and shifted back to mean 0 and variance 1. In evaluation mode the input itself. Fewer than two dimensions are an
/// error when the layer is called in training mode.
open class FeatureAlphaDropout: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that a channel of a sample is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("FeatureAlphaDropout", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.featureAlphaDropout(p: p, training: isTraining) }
}
