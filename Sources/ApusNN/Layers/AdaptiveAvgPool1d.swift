import ApusGraph

/// The mean of each of `outputSize` windows that cover the input evenly (`torch.nn.AdaptiveAvgPool1d`).
///
/// [N, C, L] or [C, L] → [N, C, L'], where L' are the output size. Along a dimension of size H with O outputs,
/// output o reads ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
open class AdaptiveAvgPool1d: AdaptiveAvgPoolNd {
    /// A pooling to one size for all dimensions; a negative size is an error (see ``withTensorErrors(_:)``).
    public init(_ outputSize: Int) { super.init(1, outputSize) }

    /// A pooling to one size for each dimension, where nil keeps the input's: `[nil]`.
    public init(_ outputSize: [Int?]) { super.init(1, outputSize) }
}
