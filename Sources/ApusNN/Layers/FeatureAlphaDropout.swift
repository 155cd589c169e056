import ApusGraph

/// Alpha dropout of whole channels (`torch.nn.FeatureAlphaDropout`; Klambauer et al. 2017).
///
/// [N, C, …] → the same shape: each channel of each sample becomes α′ = −1.7581 with probability p, then all are scaled and
/// shifted back to mean 0 and variance 1. In evaluation mode the input itself. Fewer than two dimensions are an error when
/// the layer is called in training mode.
open class FeatureAlphaDropout: DropoutBase {
    /// A dropout with probability `p`; one outside of 0 … 1 is an error (see ``withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("FeatureAlphaDropout", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.featureAlphaDropout(p: p, training: isTraining) }
}
