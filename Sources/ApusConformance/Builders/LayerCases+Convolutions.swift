import ApusGraph
import ApusNN

extension LayerCases {
    /// Convolutions, transposed ones, and the sliding windows that they are made of.
    static let convolutions: [String: ModuleBuilder] = [
        "Conv1d": { try convolution(Conv1d.init, $0, rank: 1) },
        "Conv2d": { try convolution(Conv2d.init, $0, rank: 2) },
        "Conv3d": { try convolution(Conv3d.init, $0, rank: 3) },
        "LazyConv1d": { try convolution(LazyConv1d.init, $0, rank: 1) },
        "LazyConv2d": { try convolution(LazyConv2d.init, $0, rank: 2) },
        "LazyConv3d": { try convolution(LazyConv3d.init, $0, rank: 3) },
        "ConvTranspose1d": { try transposed(ConvTranspose1d.init, $0, rank: 1) },
        "ConvTranspose2d": { try transposed(ConvTranspose2d.init, $0, rank: 2) },
        "ConvTranspose3d": { try transposed(ConvTranspose3d.init, $0, rank: 3) },
        "LazyConvTranspose1d": { try transposed(LazyConvTranspose1d.init, $0, rank: 1) },
        "LazyConvTranspose2d": { try transposed(LazyConvTranspose2d.init, $0, rank: 2) },
        "LazyConvTranspose3d": { try transposed(LazyConvTranspose3d.init, $0, rank: 3) },
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

    /// The channels of the input where they are known, those of the result, kernel size, stride, padding, dilation,
    /// groups, bias and what stands in the padding.
    private typealias ConvolutionMaker = (
        Int, Int, any SpatialSize, any SpatialSize, ConvolutionPadding, any SpatialSize, Int, Bool,
        ConvolutionPaddingMode
    ) -> ConvolutionLayer
    private typealias LazyConvolutionMaker = (
        Int, any SpatialSize, any SpatialSize, ConvolutionPadding, any SpatialSize, Int, Bool, ConvolutionPaddingMode
    ) -> ConvolutionLayer

    private static func convolution(
        _ make: ConvolutionMaker, _ arguments: CaseArguments, rank: Int
    ) throws -> ModuleUnderTest {
        let inputs = try arguments.integer("in_channels")
        return try convolution({ make(inputs, $0, $1, $2, $3, $4, $5, $6, $7) }, arguments, rank: rank)
    }

    private static func convolution(
        _ make: LazyConvolutionMaker, _ arguments: CaseArguments, rank: Int
    ) throws -> ModuleUnderTest {
        let padding: ConvolutionPadding =
            switch arguments.value("padding") {
            case .text("same"): .same
            case .text("valid"): .valid
            default: try arguments.spatial("padding", rank: rank, default: 0).convolutionPadding
            }
        return ModuleUnderTest(
            make(
                try arguments.integer("out_channels"), try arguments.spatial("kernel_size", rank: rank),
                try arguments.spatial("stride", rank: rank, default: 1), padding,
                try arguments.spatial("dilation", rank: rank, default: 1),
                try arguments.integer("groups", default: 1), try arguments.boolean("bias", default: true),
                try arguments.paddingMode()))
    }

    /// The channels of the input where they are known, those of the result, kernel size, stride, padding, output
    /// padding, groups, bias, dilation and what stands in the padding.
    private typealias TransposedMaker = (
        Int, Int, any SpatialSize, any SpatialSize, any SpatialSize, any SpatialSize, Int, Bool, any SpatialSize,
        ConvolutionPaddingMode
    ) -> TransposedConvolutionLayer
    private typealias LazyTransposedMaker = (
        Int, any SpatialSize, any SpatialSize, any SpatialSize, any SpatialSize, Int, Bool, any SpatialSize,
        ConvolutionPaddingMode
    ) -> TransposedConvolutionLayer

    private static func transposed(
        _ make: TransposedMaker, _ arguments: CaseArguments, rank: Int
    ) throws -> ModuleUnderTest {
        let inputs = try arguments.integer("in_channels")
        return try transposed({ make(inputs, $0, $1, $2, $3, $4, $5, $6, $7, $8) }, arguments, rank: rank)
    }

    private static func transposed(
        _ make: LazyTransposedMaker, _ arguments: CaseArguments, rank: Int
    ) throws -> ModuleUnderTest {
        let layer = make(
            try arguments.integer("out_channels"), try arguments.spatial("kernel_size", rank: rank),
            try arguments.spatial("stride", rank: rank, default: 1),
            try arguments.spatial("padding", rank: rank, default: 0),
            try arguments.spatial("output_padding", rank: rank, default: 0),
            try arguments.integer("groups", default: 1), try arguments.boolean("bias", default: true),
            try arguments.spatial("dilation", rank: rank, default: 1), try arguments.paddingMode())
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
