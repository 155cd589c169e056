import ApusGraph

/// Puts elements back where max-pooling found them, with zeros elsewhere (`torch.nn.MaxUnpool1d`).
///
/// [N, C, L] or [C, L] → [N, C, L'] with L' = (L − 1) · S − 2p + F, or the `outputSize` of
/// the call. Of several elements with one index the last stays.
///
///     let (pooled, indices) = MaxPool1d(2, stride: 2).withIndices(x)
///     let y = MaxUnpool1d(2, stride: 2)(pooled, indices: indices)
open class MaxUnpool1d: MaxUnpoolNd {
    /// An unpooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes and strides below 1 and a negative padding are errors (see ``withTensorErrors(_:)``).
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0
    ) {
        super.init(1, kernelSize, stride: stride, padding: padding)
    }
}
