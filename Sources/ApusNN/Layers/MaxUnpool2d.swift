import ApusGraph

/// Puts elements back where max-pooling found them, with zeros elsewhere (`torch.nn.MaxUnpool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = (H − 1) · S − 2p + F, and W' likewise, or the `outputSize` of
/// the call. Of several elements with one index the last stays.
///
///     let (pooled, indices) = MaxPool2d(2, stride: 2).withIndices(x)
///     let y = MaxUnpool2d(2, stride: 2)(pooled, indices: indices)
open class MaxUnpool2d: MaxUnpoolNd {
    /// An unpooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes and strides below 1 and a negative padding are errors (see ``withTensorErrors(_:)``).
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0
    ) {
        super.init(2, kernelSize, stride: stride, padding: padding)
    }
}
