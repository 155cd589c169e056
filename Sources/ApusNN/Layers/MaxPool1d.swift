import ApusGraph

/// The largest element of each window (`torch.nn.MaxPool1d`).
///
/// [N, C, L] or [C, L] → [N, C, L'] with L' = ⌊(L + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling
/// where `ceilMode`. The padding holds no elements: it never is the largest.
open class MaxPool1d: MaxPoolNd {
    /// A max-pooling.
    ///
    /// - Parameters:
    ///   - kernelSize: F, the size of the windows, at least 1: an `Int` or [length].
    ///   - stride: S, the step from window to window, at least 1; the kernel size where it is `nil`, which is the
    ///     default.
    ///   - padding: p, what is added on both sides of each dimension, 0 to half of the kernel size; `0` by default.
    ///   - dilation: d, the distance of a window's elements, at least 1; `1` by default.
    ///   - returnIndices: kept for PyTorch's sake: a call gives the values alone, and ``MaxPoolNd/withIndices(_:)`` the
    ///     indices too; `false` by default.
    ///   - ceilMode: whether the size is rounded up, so that a last window may reach beyond the end; `false` by
    ///     default.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``), and so is a padding of more than half of the kernel size when the layer is
    /// called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, returnIndices: Bool = false, ceilMode: Bool = false
    ) {
        super.init(
            1, kernelSize, stride: stride, padding: padding, dilation: dilation, returnIndices: returnIndices,
            ceilMode: ceilMode)
    }
}
