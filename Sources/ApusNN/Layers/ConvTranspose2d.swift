import ApusGraph

/// A two-dimensional transposed convolution: the gradient of a ``Conv2d`` by its input, which enlarges by the stride
/// (`torch.nn.ConvTranspose2d`; Zeiler et al. 2010).
///
/// [N, C, H, W] or [C, H, W] → [N, O, H', W'] or [O, H', W']
/// with H' = (H − 1) · S − 2p + d · (F − 1) + q + 1, and W' likewise, where F is the kernel size, S the stride, p the
/// padding, d the dilation and q the output padding.
///
/// State: `weight` [C, O / groups, kh, kw] and `bias` [O], both drawn evenly from ±1 / √fan with fan = O / groups · kh
/// · kw (PyTorch's default: Kaiming-uniform with a = √5).
open class ConvTranspose2d: TransposedConvolutionLayer {
    /// A transposed convolution from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1 and a multiple of `groups`.
    ///   - outChannels: the channels O of the result, at least 1 and a multiple of `groups`.
    ///   - kernelSize: F, the size of the kernel, at least 1: an `Int` for both dimensions, or [height, width].
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
        _ inChannels: Int, _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: any SpatialSize = 0, outputPadding: any SpatialSize = 0, groups: Int = 1, bias: Bool = true,
        dilation: any SpatialSize = 1, paddingMode: ConvolutionPaddingMode = .zeros
    ) {
        super.init(
            ConvolutionArguments(
                layer: "ConvTranspose2d", rank: 2, isTransposed: true, inChannels: inChannels,
                outChannels: outChannels, kernelSize: kernelSize, stride: stride,
                padding: ConvolutionPadding(.sizes(padding.spatialSizes)), outputPadding: outputPadding,
                dilation: dilation, groups: groups, hasBias: bias, paddingMode: paddingMode))
    }

    /// For ``LazyConvTranspose2d``, whose channels are not known yet.
    override init(_ given: ConvolutionArguments) { super.init(given) }
}
