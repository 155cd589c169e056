import ApusGraph

/// A two-dimensional convolution, which is a cross-correlation as everywhere in deep learning (`torch.nn.Conv2d`;
/// LeCun et al. 1989).
///
/// [N, C, H, W] or [C, H, W] → [N, O, H', W'] or [O, H', W']
/// with H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1, and W' likewise, where F is the kernel size, S the stride, p the
/// padding and d the dilation.
///
/// State: `weight` [O, C / groups, kh, kw] and `bias` [O], both drawn evenly from ±1 / √fan_in with fan_in =
/// C / groups · kh · kw (PyTorch's default: Kaiming-uniform with a = √5).
open class Conv2d: ConvolutionLayer {
    /// A convolution from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1 and a multiple of `groups`.
    ///   - outChannels: the channels O of the result, at least 1 and a multiple of `groups`.
    ///   - kernelSize: F, the size of the kernel, at least 1: an `Int` for both dimensions, or [height, width].
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
        _ inChannels: Int, _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1,
        bias: Bool = true, paddingMode: ConvolutionPaddingMode = .zeros
    ) {
        super.init(
            ConvolutionArguments(
                layer: "Conv2d", rank: 2, inChannels: inChannels, outChannels: outChannels, kernelSize: kernelSize,
                stride: stride, padding: padding.convolutionPadding, dilation: dilation, groups: groups, hasBias: bias,
                paddingMode: paddingMode))
    }

    /// For ``LazyConv2d``, whose channels are not known yet.
    override init(_ given: ConvolutionArguments) { super.init(given) }
}
