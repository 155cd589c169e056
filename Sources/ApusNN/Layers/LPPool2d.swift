import ApusGraph

/// The root of the sum of powers of each window, (Σ xᵖ)^(1/p) (`torch.nn.LPPool2d`; Sermanet et al. 2012).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H − F) / S⌋ + 1, or with the ceiling where `ceilMode`, and W'
/// likewise. p = 1 gives the sum, and a growing p comes near to the maximum. As in PyTorch elements keep their sign in
/// odd powers, a negative sum has the root NaN, and a window that reaches beyond the input counts as if it were full.
open class LPPool2d: LPPoolNd {
    /// A pooling with the power `normType`.
    ///
    /// - Parameters:
    ///   - normType: the power p, other than 0.
    ///   - kernelSize: F, the size of the windows, at least 1: an `Int` for both dimensions, or [height, width].
    ///   - stride: S, the step from window to window, at least 1; the kernel size where it is `nil`, which is the
    ///     default.
    ///   - ceilMode: whether the size is rounded up, so that a last window may reach beyond the end; `false` by
    ///     default.
    ///
    /// A power of 0 and sizes and strides below 1 are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ normType: Double, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, ceilMode: Bool = false
    ) {
        super.init(2, normType, kernelSize, stride: stride, ceilMode: ceilMode)
    }
}
