import ApusGraph
import ApusNN

extension LayerCases {
    /// Convolutions, transposed ones, and the sliding windows that they are made of.
    static let convolutions: [String: ModuleBuilder] = [
        "Conv1d": { ModuleUnderTest(try convolution($0, rank: 1)) },
        "Conv2d": { ModuleUnderTest(try convolution($0, rank: 2)) },
        "Conv3d": { ModuleUnderTest(try convolution($0, rank: 3)) },
        "ConvTranspose1d": { try transposed($0, rank: 1) },
        "ConvTranspose2d": { try transposed($0, rank: 2) },
        "ConvTranspose3d": { try transposed($0, rank: 3) },
        "Unfold": { arguments in
            ModuleUnderTest(
                Unfold(
                    try arguments.spatial("kernel_size", rank: 2),
                    dilation: try arguments.spatial("dilation", rank: 2, default: 1),
                    padding: try arguments.spatial("padding", rank: 2, default: 0),
                    stride: try arguments.spatial("stride", rank: 2, default: 1)))
        },
        "Fold": { arguments in
            ModuleUnderTest(
                Fold(
                    try arguments.spatial("output_size", rank: 2),
                    kernelSize: try arguments.spatial("kernel_size", rank: 2),
                    dilation: try arguments.spatial("dilation", rank: 2, default: 1),
                    padding: try arguments.spatial("padding", rank: 2, default: 0),
                    stride: try arguments.spatial("stride", rank: 2, default: 1)))
        },
    ]

    private static func convolution(_ arguments: CaseArguments, rank: Int) throws -> ConvolutionLayer {
        let padding: ConvolutionPadding =
            switch arguments.value("padding") {
            case .text("same"): .same
            case .text("valid"): .valid
            default: try arguments.spatial("padding", rank: rank, default: 0).convolutionPadding
            }
        let (inputs, outputs) = (try arguments.integer("in_channels"), try arguments.integer("out_channels"))
        let kernel = try arguments.spatial("kernel_size", rank: rank)
        let stride = try arguments.spatial("stride", rank: rank, default: 1)
        let dilation = try arguments.spatial("dilation", rank: rank, default: 1)
        let groups = try arguments.integer("groups", default: 1)
        let bias = try arguments.boolean("bias", default: true)
        let mode = try arguments.paddingMode()
        switch rank {
        case 1:
            return Conv1d(
                inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, dilation: dilation,
                groups: groups, bias: bias, paddingMode: mode)
        case 2:
            return Conv2d(
                inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, dilation: dilation,
                groups: groups, bias: bias, paddingMode: mode)
        default:
            return Conv3d(
                inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, dilation: dilation,
                groups: groups, bias: bias, paddingMode: mode)
        }
    }

    private static func transposed(_ arguments: CaseArguments, rank: Int) throws -> ModuleUnderTest {
        let (inputs, outputs) = (try arguments.integer("in_channels"), try arguments.integer("out_channels"))
        let kernel = try arguments.spatial("kernel_size", rank: rank)
        let stride = try arguments.spatial("stride", rank: rank, default: 1)
        let padding = try arguments.spatial("padding", rank: rank, default: 0)
        let added = try arguments.spatial("output_padding", rank: rank, default: 0)
        let dilation = try arguments.spatial("dilation", rank: rank, default: 1)
        let groups = try arguments.integer("groups", default: 1)
        let bias = try arguments.boolean("bias", default: true)
        let mode = try arguments.paddingMode()
        let layer: TransposedConvolutionLayer =
            switch rank {
            case 1:
                ConvTranspose1d(
                    inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, outputPadding: added,
                    groups: groups, bias: bias, dilation: dilation, paddingMode: mode)
            case 2:
                ConvTranspose2d(
                    inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, outputPadding: added,
                    groups: groups, bias: bias, dilation: dilation, paddingMode: mode)
            default:
                ConvTranspose3d(
                    inputs, outputs, kernelSize: kernel, stride: stride, padding: padding, outputPadding: added,
                    groups: groups, bias: bias, dilation: dilation, paddingMode: mode)
            }
        guard let size = try arguments.call?.optionalIntegers("output_size") else { return ModuleUnderTest(layer) }
        return ModuleUnderTest(layer) { inputs in
            guard inputs.count == 1 else { throw CaseProblem.unsupported("ConvTranspose\(rank)d takes one tensor") }
            return [layer(inputs[0], outputSize: size)]
        }
    }
}

extension CaseArguments {
    /// What stands beyond the border of a convolution's input, by PyTorch's word.
    fileprivate func paddingMode() throws -> ConvolutionPaddingMode {
        let word = try text("padding_mode", default: "zeros")
        guard let mode = ConvolutionPaddingMode(rawValue: word) else {
            throw CaseProblem.inexpressible("padding_mode=\(word) is none of \(ConvolutionPaddingMode.allCases)")
        }
        return mode
    }
}
