import ApusGraph

/// The mean of each of `outputSize` windows that cover the input evenly (`torch.nn.AdaptiveAvgPool3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'], where D', H', W' are the output size. Along a dimension of size H with O outputs,
/// output o reads ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
open class AdaptiveAvgPool3d: AdaptiveAvgPoolNd {
    /// A pooling to one size for all dimensions; a negative size is an error (see ``withTensorErrors(_:)``).
    public init(_ outputSize: Int) { super.init(3, outputSize) }

    /// A pooling to one size for each dimension, where nil keeps the input's: `[5, nil, nil]`.
    public init(_ outputSize: [Int?]) { super.init(3, outputSize) }
}
