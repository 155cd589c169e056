import ApusGraph

/// A two-dimensional convolution, which is a cross-correlation as everywhere in deep learning (`torch.nn.Conv2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, O, H', W'] with H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1, and W' likewise, where F
/// is the kernel size, S the stride, p the padding and d the dilation.
///
/// State: `weight` [O, C / groups, F, F] and `bias` [O], both drawn evenly from ±1 / √fan_in with fan_in = C / groups ·
/// F² (PyTorch's default: Kaiming-uniform with a = √5).
open class Conv2d: Module {
    public let inChannels: Int
    public let outChannels: Int
    public let kernelSize: SpatialSizes
    public let stride: SpatialSizes
    public let padding: ConvolutionPadding
    public let dilation: SpatialSizes
    public let groups: Int
    public let weight: Parameter
    public let bias: Parameter?
    private let geometry: ConvolutionGeometry

    /// A convolution from `inChannels` to `outChannels`.
    ///
    /// `groups` divides both; each group of output channels sees its group of input channels only. Sizes, strides and
    /// dilations below 1, a negative padding, and `.same` with a stride are errors (see ``withTensorErrors(_:)``).
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: any SpatialSize, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1,
        bias: Bool = true
    ) {
        (self.inChannels, self.outChannels, self.groups) = (inChannels, outChannels, groups)
        var arguments = LayerArguments(of: "Conv2d")
        let kernelSize = arguments.sizes(kernelSize, "kernelSize", rank: 2, atLeast: 1)
        let stride = arguments.sizes(stride, "stride", rank: 2, atLeast: 1)
        let dilation = arguments.sizes(dilation, "dilation", rank: 2, atLeast: 1)
        let padding = padding.convolutionPadding.resolved(rank: 2, of: &arguments)
        (self.kernelSize, self.stride, self.dilation, self.padding) = (kernelSize, stride, dilation, padding)
        arguments.require(inChannels, "inChannels", atLeast: 1)
        arguments.require(outChannels, "outChannels", atLeast: 1)
        arguments.require(groups, "groups", atLeast: 1)
        if groups >= 1 {
            for (name, count) in [("inChannels", inChannels), ("outChannels", outChannels)] {
                arguments.require(
                    count % groups == 0,
                    "\(name): \(count) is not a multiple of groups: \(groups). Each group takes "
                        + "an equal part of the channels.")
            }
        }
        if padding.kind == .same {
            arguments.require(
                stride.areAll(1),
                "padding: .same keeps the size, which a stride of \(stride) does not. Give the "
                    + "padding as numbers.")
        }
        let zeros = padding.zeros(kernelSize: kernelSize, dilation: dilation)
        geometry = ConvolutionGeometry(
            stride: stride.sizes, paddingBefore: zeros.before, paddingAfter: zeros.after, dilation: dilation.sizes,
            groups: groups)
        let shape = Shape([outChannels, inChannels / max(groups, 1)] + kernelSize.sizes)
        weight = arguments.parameter { Initializer.defaultWeight(shape) }
        self.bias = bias ? arguments.parameter { Initializer.defaultBias(outChannels, of: shape) } : nil
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.rank == 3 || input.rank == 4 else {
            return .refuse(
                TensorError(
                    "conv2d",
                    "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 4, [N, "
                        + "\(inChannels), H, W], or 3 without a batch, [\(inChannels), H, W]."),
                like: [input])
        }
        return input.convolution(weight.tensor, bias?.tensor, geometry: geometry)
    }

    override open var extraDescription: String {
        var text = "\(inChannels), \(outChannels), kernel_size=\(kernelSize.tupleText), stride=\(stride.tupleText)"
        switch padding.kind {
        case .sizes(let sizes): if !sizes.areAll(0) { text += ", padding=\(sizes.tupleText)" }
        case .same: text += ", padding=same"
        case .valid: text += ", padding=valid"
        }
        if !dilation.areAll(1) { text += ", dilation=\(dilation.tupleText)" }
        if groups != 1 { text += ", groups=\(groups)" }
        if bias == nil { text += ", bias=False" }
        return text
    }
}
