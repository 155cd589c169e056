import ApusGraph

/// Sets whole channels of volumes to zero with probability p and multiplies the others by 1 / (1 − p)
/// (`torch.nn.Dropout3d`; Tompson et al. 2015).
///
/// [N, C, D, H, W] or, without a batch, [C, D, H, W] → the same shape. In evaluation mode the input itself. As in
/// PyTorch the first dimension is that of the channels unless there are five; a scalar is an error when the layer is
/// called in training mode.
open class Dropout3d: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that a channel of a sample is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("Dropout3d", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.rank != 5 else { return input.featureDropout(p: p, training: isTraining) }
        return input.unsqueeze(dim: 0).featureDropout(p: p, training: isTraining).squeeze(dim: 0)
    }
}
