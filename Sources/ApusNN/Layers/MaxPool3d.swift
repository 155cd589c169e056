import ApusGraph

/// The largest element of each window (`torch.nn.MaxPool3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = ⌊(D + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling
/// where `ceilMode`, and H' and W' likewise. The padding holds no elements: it never is the largest.
open class MaxPool3d: MaxPoolNd {
    /// A pooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see ``withTensorErrors(_:)``), and so is
    /// a padding of more than half of the kernel size when the layer is called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, returnIndices: Bool = false, ceilMode: Bool = false
    ) {
        super.init(
            3, kernelSize, stride: stride, padding: padding, dilation: dilation, returnIndices: returnIndices,
            ceilMode: ceilMode)
    }
}
