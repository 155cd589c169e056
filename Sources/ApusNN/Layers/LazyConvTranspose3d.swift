import ApusGraph

/// A ``ConvTranspose3d`` whose `inChannels` is that of its first batch (`torch.nn.LazyConvTranspose3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, O, D', H', W'] or [O, D', H', W'], as of a `ConvTranspose3d`. `weight` and
/// `bias` have no elements before the first call, which draws them as a `ConvTranspose3d` does: run one batch, or load
/// a state dictionary, before they are given to an optimizer or saved. With the first call the layer becomes a
/// `ConvTranspose3d`, and is printed as one. An input with another number of dimensions, or with channels that are not
/// a multiple of `groups`, is an error and leaves the layer lazy.
open class LazyConvTranspose3d: ConvTranspose3d {
    /// A transposed convolution to `outChannels`.
    ///
    /// - Parameters:
    ///   - outChannels: the channels O of the result, at least 1 and a multiple of `groups`.
    ///   - kernelSize: F, the size of the kernel, at least 1: an `Int` for all dimensions, or [depth, height, width].
    ///   - stride: S, the distance of the input's elements in the result, at least 1; `1` by default.
    ///   - padding: p, what is cut off the result on both sides of each dimension, at least 0; `0` by default.
    ///   - outputPadding: q, what is added at the ends of the result, less than the stride or the dilation, which is
    ///     checked when the layer is called; `0` by default.
    ///   - groups: into how many equal groups the channels are cut; each group of outputs sees its group of inputs
    ///     only; `1` by default.
    ///   - bias: whether a learnt number is added to each output channel; `true` by default.
    ///   - dilation: d, the distance of the kernel's elements, at least 1; `1` by default.
    ///   - paddingMode: `.zeros` only, as in PyTorch; `.zeros` by default.
    ///
    /// Arguments outside of these ranges are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: any SpatialSize = 0, outputPadding: any SpatialSize = 0, groups: Int = 1, bias: Bool = true,
        dilation: any SpatialSize = 1, paddingMode: ConvolutionPaddingMode = .zeros
    ) {
        super.init(
            ConvolutionArguments(
                layer: "LazyConvTranspose3d", rank: 3, isTransposed: true, outChannels: outChannels,
                kernelSize: kernelSize, stride: stride, padding: ConvolutionPadding(.sizes(padding.spatialSizes)),
                outputPadding: outputPadding, dilation: dilation, groups: groups, hasBias: bias,
                paddingMode: paddingMode))
    }

    override open var typeName: String { isLazy ? super.typeName : "ConvTranspose3d" }
}
