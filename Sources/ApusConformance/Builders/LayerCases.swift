import ApusGraph
import ApusNN

/// The layers by their PyTorch names; a new one is one entry.
enum LayerCases: ModuleCases {
    static let kind = "layer"

    static let builders: [String: ModuleBuilder] = [
        "Linear": { arguments in
            ModuleUnderTest(
                Linear(
                    try arguments.integer("in_features"), try arguments.integer("out_features"),
                    bias: try arguments.boolean("bias", default: true)))
        },
        "Conv2d": { ModuleUnderTest(try convolution($0)) },
        "MaxPool2d": { try maxPool($0) },
        "AvgPool2d": { arguments in
            ModuleUnderTest(
                AvgPool2d(
                    try arguments.spatial("kernel_size", rank: 2),
                    stride: try arguments.optionalSpatial("stride", rank: 2),
                    padding: try arguments.spatial("padding", rank: 2, default: 0),
                    ceilMode: try arguments.boolean("ceil_mode", default: false),
                    countIncludePad: try arguments.boolean("count_include_pad", default: true),
                    divisorOverride: try arguments.optionalInteger("divisor_override")))
        },
        "BatchNorm2d": { ModuleUnderTest(try batchNorm($0)) },
        "Flatten": { arguments in
            ModuleUnderTest(
                Flatten(
                    startDim: try arguments.integer("start_dim", default: 1),
                    endDim: try arguments.integer("end_dim", default: -1)))
        },
        "Identity": { _ in ModuleUnderTest(Identity()) },
        "ReLU": { ModuleUnderTest(ReLU(inplace: try $0.boolean("inplace", default: false))) },
        "Sigmoid": { _ in ModuleUnderTest(Sigmoid()) },
        "Tanh": { _ in ModuleUnderTest(Tanh()) },
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

    private static func maxPool(_ arguments: CaseArguments) throws -> ModuleUnderTest {
        let returnsIndices = try arguments.boolean("return_indices", default: false)
        let pool = MaxPool2d(
            try arguments.spatial("kernel_size", rank: 2), stride: try arguments.optionalSpatial("stride", rank: 2),
            padding: try arguments.spatial("padding", rank: 2, default: 0),
            dilation: try arguments.spatial("dilation", rank: 2, default: 1), returnIndices: returnsIndices,
            ceilMode: try arguments.boolean("ceil_mode", default: false))
        guard returnsIndices else { return ModuleUnderTest(pool) }
        return ModuleUnderTest(pool) { inputs in
            guard inputs.count == 1 else { throw CaseProblem.unsupported("MaxPool2d takes one tensor") }
            let (values, indices) = pool.withIndices(inputs[0])
            return [values, indices]
        }
    }

    private static func batchNorm(_ arguments: CaseArguments) throws -> BatchNorm2d {
        // null means a cumulative average; where the argument is absent, momentum is 0.1.
        let isGiven = arguments.contains("momentum")
        let momentum = try arguments.optionalNumber("momentum")
        return BatchNorm2d(
            try arguments.integer("num_features"), eps: try arguments.number("eps", default: 1e-5),
            momentum: isGiven ? momentum : 0.1, affine: try arguments.boolean("affine", default: true),
            trackRunningStats: try arguments.boolean("track_running_stats", default: true),
            bias: try arguments.boolean("bias", default: true))
    }
}
