import ApusGraph

/// A ``Conv1d`` whose `inChannels` is that of its first batch (`torch.nn.LazyConv1d`).
///
/// [N, C, L] or [C, L] → [N, O, L'] or [O, L'], as of a `Conv1d`. `weight` and `bias` have no elements before the first
/// call, which draws them as a `Conv1d` does: run one batch, or load a state dictionary, before they are given to an
/// optimizer or saved. With the first call the layer becomes a `Conv1d`, and is printed as one. An input with another
/// number of dimensions, or with channels that are not a multiple of `groups`, is an error and leaves the layer lazy.
open class LazyConv1d: Conv1d {
    /// A convolution to `outChannels`.
    ///
    /// - Parameters:
    ///   - outChannels: the channels O of the result, at least 1 and a multiple of `groups`.
    ///   - kernelSize: F, the size of the kernel, at least 1: an `Int` or [length].
    ///   - stride: S, the step from window to window, at least 1; `1` by default.
    ///   - padding: p, what is added on both sides of each dimension, at least 0; or `.same`, which keeps the size and
    ///     needs a stride of 1; or `.valid`, which is none; `0` by default.
    ///   - dilation: d, the distance of the kernel's elements, at least 1; `1` by default.
    ///   - groups: into how many equal groups the channels are cut; each group of outputs sees its group of inputs
    ///     only, and as many groups as channels make a depthwise convolution; `1` by default.
    ///   - bias: whether a learnt number is added to each output channel; `true` by default.
    ///   - paddingMode: what stands in the padding: zeros, the elements mirrored (`.reflect`), the outermost ones
    ///     (`.replicate`) or those of the other end (`.circular`); `.zeros` by default.
    ///
    /// Arguments outside of these ranges are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1,
        bias: Bool = true, paddingMode: ConvolutionPaddingMode = .zeros
    ) {
        super.init(
            ConvolutionArguments(
                layer: "LazyConv1d", rank: 1, outChannels: outChannels, kernelSize: kernelSize, stride: stride,
                padding: padding.convolutionPadding, dilation: dilation, groups: groups, hasBias: bias,
                paddingMode: paddingMode))
    }

    override open var typeName: String { isLazy ? super.typeName : "Conv1d" }
}
