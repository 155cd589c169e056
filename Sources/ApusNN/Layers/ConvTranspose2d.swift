import ApusGraph

/// A two-dimensional transposed convolution: the gradient of a ``Conv2d`` by its input, which enlarges by the stride
/// (`torch.nn.ConvTranspose2d`; Zeiler et al. 2010).
///
/// [N, C, H, W] or [C, H, W] → [N, O, H', W'] or [O, H', W']
/// with H' = (H − 1) · S − 2p + d · (F − 1) + q + 1, and W' likewise, where F is the kernel size, S the stride, p the
/// padding, d the dilation and q the output padding.
///
/// State: `weight` [C, O / groups, F, F] and `bias` [O], both drawn evenly from ±1 / √fan with fan = O / groups · F²
/// (PyTorch's default: Kaiming-uniform with a = √5).
open class ConvTranspose2d: TransposedConvolutionLayer {
    /// A transposed convolution from `inChannels` to `outChannels`.
    ///
    /// `padding` is cut off the result on both sides, `outputPadding` is added at its ends; it must be less than the
    /// stride or the dilation. `groups` divides both numbers of channels. Sizes, strides and dilations below 1, negative
    /// paddings, and a `paddingMode` other than `.zeros` are errors (see ``withTensorErrors(_:)``).
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
}
