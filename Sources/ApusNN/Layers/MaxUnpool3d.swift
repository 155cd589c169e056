import ApusGraph

/// Puts elements back where max-pooling found them, with zeros elsewhere (`torch.nn.MaxUnpool3d`; Zeiler & Fergus
/// 2014).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = (D − 1) · S − 2p + F, and H' and W' likewise, or the
/// `outputSize` of the call. Of several elements with one index the last stays.
///
///     let (pooled, indices) = MaxPool3d(2, stride: 2).withIndices(x)
///     let y = MaxUnpool3d(2, stride: 2)(pooled, indices: indices)
open class MaxUnpool3d: MaxUnpoolNd {
    /// An unpooling, with the arguments of the pooling that it undoes.
    ///
    /// - Parameters:
    ///   - kernelSize: F, the size of the pooling's windows, at least 1: an `Int` for all dimensions, or [depth,
    ///     height, width].
    ///   - stride: S, the pooling's step, at least 1; the kernel size where it is `nil`, which is the default.
    ///   - padding: p, the pooling's padding, at least 0; `0` by default.
    ///
    /// Sizes and strides below 1 and a negative padding are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0
    ) {
        super.init(3, kernelSize, stride: stride, padding: padding)
    }
}
