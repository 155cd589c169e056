import ApusGraph

/// The mean of each window (`torch.nn.AvgPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1, or with the ceiling where
/// `ceilMode`, and W' likewise.
/// The sum of a window is divided by `divisorOverride`; else by the window's size, padding included; or without
/// `countIncludePad` by the number of elements of the input in it.
open class AvgPool2d: AvgPoolNd {
    /// A pooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes and strides below 1, a negative padding and a divisor of 0 are errors (see ``withTensorErrors(_:)``), and
    /// so is a padding of more than half of the kernel size when the layer is called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) {
        super.init(
            2, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad,
            divisorOverride: divisorOverride)
    }
}
