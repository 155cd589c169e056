import ApusGraph

/// The largest element of each of `outputSize` windows that cover the input evenly (`torch.nn.AdaptiveMaxPool3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'], where D', H', W' are the output size. Along a dimension of
/// size H with O outputs, output o reads ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
open class AdaptiveMaxPool3d: AdaptiveMaxPoolNd {
    /// A pooling to one size for all dimensions.
    ///
    /// - Parameters:
    ///   - outputSize: the size of the result along all dimensions, at least 0.
    ///   - returnIndices: kept for PyTorch's sake: a call gives the values alone, and
    ///     ``AdaptiveMaxPoolNd/withIndices(_:)`` the indices too; `false` by default.
    ///
    /// A negative size is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ outputSize: Int, returnIndices: Bool = false) {
        super.init(3, outputSize, returnIndices: returnIndices)
    }

    /// A pooling to one size for each dimension.
    ///
    /// - Parameters:
    ///   - outputSize: one size for each dimension, at least 0, where nil keeps the input's: `[5, nil, nil]`.
    ///   - returnIndices: kept for PyTorch's sake: a call gives the values alone, and
    ///     ``AdaptiveMaxPoolNd/withIndices(_:)`` the indices too; `false` by default.
    ///
    /// A negative size and another count of them are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ outputSize: [Int?], returnIndices: Bool = false) {
        super.init(3, outputSize, returnIndices: returnIndices)
    }
}
