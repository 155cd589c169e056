import ApusGraph

/// Sets whole channels of images to zero with probability p and multiplies the others by 1 / (1 − p)
/// (`torch.nn.Dropout2d`; Tompson et al. 2015).
///
/// [N, C, H, W] → the same shape. As in PyTorch the first two dimensions are always samples and channels: three
/// dimensions are [N, C, L]. In evaluation mode the input itself. Fewer than two dimensions are an error when the layer
/// is called in training mode.
open class Dropout2d: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that a channel of a sample is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("Dropout2d", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.featureDropout(p: p, training: isTraining) }
}
