import ApusGraph

/// The largest element of each window (`torch.nn.MaxPool1d`).
///
/// [N, C, L] or [C, L] → [N, C, L'] with L' = ⌊(L + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling
/// where `ceilMode`. The padding holds no elements: it never is the largest.
open class MaxPool1d: MaxPoolNd {
    /// A pooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see ``withTensorErrors(_:)``), and so is
    /// a padding of more than half of the kernel size when the layer is called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, returnIndices: Bool = false, ceilMode: Bool = false
    ) {
        super.init(
            1, kernelSize, stride: stride, padding: padding, dilation: dilation, returnIndices: returnIndices,
            ceilMode: ceilMode)
    }
}
