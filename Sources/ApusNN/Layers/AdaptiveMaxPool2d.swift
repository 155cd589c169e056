import ApusGraph

/// The largest element of each of `outputSize` windows that cover the input evenly (`torch.nn.AdaptiveMaxPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'], where H', W' are the output size. Along a dimension of size H with O outputs,
/// output o reads ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
open class AdaptiveMaxPool2d: AdaptiveMaxPoolNd {
    /// A pooling to one size for all dimensions; a negative size is an error (see ``withTensorErrors(_:)``).
    public init(_ outputSize: Int, returnIndices: Bool = false) {
        super.init(2, outputSize, returnIndices: returnIndices)
    }

    /// A pooling to one size for each dimension, where nil keeps the input's: `[5, nil]`.
    public init(_ outputSize: [Int?], returnIndices: Bool = false) {
        super.init(2, outputSize, returnIndices: returnIndices)
    }
}
