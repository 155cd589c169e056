import ApusGraph

/// A one-dimensional convolution, which is a cross-correlation as everywhere in deep learning (`torch.nn.Conv1d`).
///
/// [N, C, L] or [C, L] → [N, O, L'] or [O, L']
/// with L' = ⌊(L + 2p − d · (F − 1) − 1) / S⌋ + 1, where F is the kernel size, S the stride, p the
/// padding and d the dilation.
///
/// State: `weight` [O, C / groups, F] and `bias` [O], both drawn evenly from ±1 / √fan_in with fan_in = C / groups ·
/// F (PyTorch's default: Kaiming-uniform with a = √5).
open class Conv1d: ConvolutionLayer {
    /// A convolution from `inChannels` to `outChannels`.
    ///
    /// `padding` is a number, one for each dimension, `.same` (the size stays, for a stride of 1) or `.valid` (none);
    /// `paddingMode` says what stands there. `groups` divides both numbers of channels; each group of output channels
    /// sees its group of input channels only. Sizes, strides and dilations below 1, a negative padding, and `.same`
    /// with a stride are errors (see ``withTensorErrors(_:)``).
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1,
        bias: Bool = true, paddingMode: ConvolutionPaddingMode = .zeros
    ) {
        super.init(
            ConvolutionArguments(
                layer: "Conv1d", rank: 1, inChannels: inChannels, outChannels: outChannels, kernelSize: kernelSize,
                stride: stride, padding: padding.convolutionPadding, dilation: dilation, groups: groups, hasBias: bias,
                paddingMode: paddingMode))
    }
}
