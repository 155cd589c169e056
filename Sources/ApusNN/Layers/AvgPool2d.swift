import ApusGraph

/// The mean of each window (`torch.nn.AvgPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1, or with the ceiling where
/// `ceilMode`, and W' likewise.
/// The sum of a window is divided by `divisorOverride`; else by the window's size, padding included; or without
/// `countIncludePad` by the number of elements of the input in it.
open class AvgPool2d: AvgPoolNd {
    /// An average pooling.
    ///
    /// - Parameters:
    ///   - kernelSize: F, the size of the windows, at least 1: an `Int` for both dimensions, or [height, width].
    ///   - stride: S, the step from window to window, at least 1; the kernel size where it is `nil`, which is the
    ///     default.
    ///   - padding: p, zeros on both sides of each dimension, 0 to half of the kernel size; `0` by default.
    ///   - ceilMode: whether the size is rounded up, so that a last window may reach beyond the end; `false` by
    ///     default.
    ///   - countIncludePad: whether the padding counts as elements of the mean; `true` by default.
    ///   - divisorOverride: what the sum of each window is divided by, other than 0; the number of elements where it is
    ///     `nil`, which is the default.
    ///
    /// Sizes and strides below 1, a negative padding and a divisor of 0 are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``), and so is a padding of more than half of the kernel size when the layer is
    /// called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) {
        super.init(
            2, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad,
            divisorOverride: divisorOverride)
    }
}
