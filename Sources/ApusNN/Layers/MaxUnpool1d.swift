import ApusGraph

/// Puts elements back where max-pooling found them, with zeros elsewhere (`torch.nn.MaxUnpool1d`; Zeiler & Fergus
/// 2014).
///
/// [N, C, L] or [C, L] → [N, C, L'] with L' = (L − 1) · S − 2p + F, or the `outputSize` of
/// the call. Of several elements with one index the last stays.
///
///     let (pooled, indices) = MaxPool1d(2, stride: 2).withIndices(x)
///     let y = MaxUnpool1d(2, stride: 2)(pooled, indices: indices)
open class MaxUnpool1d: MaxUnpoolNd {
    /// An unpooling, with the arguments of the pooling that it undoes.
    ///
    /// - Parameters:
    ///   - kernelSize: F, the size of the pooling's windows, at least 1: an `Int` or [length].
    ///   - stride: S, the pooling's step, at least 1; the kernel size where it is `nil`, which is the default.
    ///   - padding: p, the pooling's padding, at least 0; `0` by default.
    ///
    /// Sizes and strides below 1 and a negative padding are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0
    ) {
        super.init(1, kernelSize, stride: stride, padding: padding)
    }
}
