import ApusGraph
import ApusNN

/// A module that a case constructed, and how the case calls it.
struct ModuleUnderTest {
    let module: Module
    let call: ([Tensor]) throws -> [Tensor]

    /// A module that is called with one tensor and gives one.
    init(_ module: Module) {
        self.init(module) { inputs in
            guard inputs.count == 1 else {
                throw CaseProblem.unsupported("the layer takes one tensor here, not \(inputs.count)")
            }
            return [module(inputs[0])]
        }
    }

    init(_ module: Module, call: @escaping ([Tensor]) throws -> [Tensor]) {
        self.module = module
        self.call = call
    }
}

/// Constructs a module of its arguments.
typealias ModuleBuilder = @Sendable (CaseArguments) throws -> ModuleUnderTest

/// The layers by their PyTorch names; a new one is one entry.
enum LayerCases {
    static let all: [String: ModuleBuilder] = [
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

    /// Constructs the layer; throws `unsupported` where it does not exist here.
    static func build(_ operation: String, _ arguments: [String: ArgumentValue]) throws -> ModuleUnderTest {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the layer \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments)
        let module = try builder(arguments)
        try arguments.checkAllRead(operation)
        return module
    }

    /// Checks results, gradients and state of a layer case.
    static func run(_ goldenCase: GoldenCase) throws {
        let subject = try build(goldenCase.operation, goldenCase.arguments)
        try refuseCallArguments(goldenCase)
        try check(subject, goldenCase)
    }

    /// Loads the state, sets the mode, calls and compares.
    static func check(_ subject: ModuleUnderTest, _ goldenCase: GoldenCase) throws {
        let module = subject.module
        try module.load(StateDict(goldenCase.tensors(named: "param.").map { ($0.key, $0.value) }), strict: true)
        if goldenCase.isTraining { module.train() } else { module.eval() }
        let parameters = Dictionary(
            module.namedParameters().map { ($0.name, $0.parameter) }, uniquingKeysWith: { first, _ in first })
        try CallCheck(goldenCase).run(
            parameterGradient: { parameters[$0]?.grad }, state: { stateByName(module) }, call: subject.call)
    }

    /// Parameters and buffers by their state names.
    static func stateByName(_ module: Module) -> [String: Tensor] {
        Dictionary(module.stateDict().map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    }

    /// No module here takes keyword arguments when it is called.
    static func refuseCallArguments(_ goldenCase: GoldenCase) throws {
        let names = try goldenCase.callArguments().keys.sorted()
        guard names.isEmpty else {
            throw CaseProblem.unsupported(
                "\(goldenCase.operation) is called without \(names.joined(separator: ", ")) here")
        }
    }

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
