import ApusGraph
import ApusNN

extension LayerCases {
    /// Convolutions, transposed ones, and the sliding windows that they are made of.
    static let convolutions: [String: ModuleBuilder] = [
        "Conv2d": { ModuleUnderTest(try convolution($0)) }
    ]

    private static func convolution(_ arguments: CaseArguments) throws -> Conv2d {
        try arguments.requireDefault("padding_mode", .text("zeros"), operation: "Conv2d")
        let padding: ConvolutionPadding =
            switch arguments.value("padding") {
            case .text("same"): .same
            case .text("valid"): .valid
            default: try arguments.spatial("padding", rank: 2, default: 0).convolutionPadding
            }
        return Conv2d(
            try arguments.integer("in_channels"), try arguments.integer("out_channels"),
            kernelSize: try arguments.spatial("kernel_size", rank: 2),
            stride: try arguments.spatial("stride", rank: 2, default: 1), padding: padding,
            dilation: try arguments.spatial("dilation", rank: 2, default: 1),
            groups: try arguments.integer("groups", default: 1), bias: try arguments.boolean("bias", default: true))
    }
}
