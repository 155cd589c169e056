import ApusGraph
import ApusNN

extension LayerCases {
    /// Elementwise functions, and those along a dimension.
    static let activations: [String: ModuleBuilder] = [
        "CELU": { ModuleUnderTest(CELU(alpha: try $0.number("alpha", default: 1), inplace: try inplace($0))) },
        "ELU": { ModuleUnderTest(ELU(alpha: try $0.number("alpha", default: 1), inplace: try inplace($0))) },
        "GELU": { arguments in
            let name = try arguments.text("approximate", default: "none")
            guard let approximation = GELUApproximation(rawValue: name) else {
                throw CaseProblem.inexpressible("approximate is one of two: .none or .tanh, not \(name)")
            }
            return ModuleUnderTest(GELU(approximate: approximation))
        },
        "GLU": { ModuleUnderTest(GLU(dim: try $0.integer("dim", default: -1))) },
        "Hardshrink": { ModuleUnderTest(Hardshrink(try $0.number("lambd", default: 0.5))) },
        "Hardsigmoid": { ModuleUnderTest(Hardsigmoid(inplace: try inplace($0))) },
        "Hardswish": { ModuleUnderTest(Hardswish(inplace: try inplace($0))) },
        "Hardtanh": { arguments in
            ModuleUnderTest(
                Hardtanh(
                    minVal: try arguments.number("min_val", default: -1),
                    maxVal: try arguments.number("max_val", default: 1), inplace: try inplace(arguments)))
        },
        "LeakyReLU": { arguments in
            ModuleUnderTest(
                LeakyReLU(
                    negativeSlope: try arguments.number("negative_slope", default: 0.01),
                    inplace: try inplace(arguments)))
        },
        "LogSigmoid": { _ in ModuleUnderTest(LogSigmoid()) },
        "LogSoftmax": { ModuleUnderTest(LogSoftmax(dim: try $0.optionalInteger("dim"))) },
        "Mish": { ModuleUnderTest(Mish(inplace: try inplace($0))) },
        "PReLU": { arguments in
            ModuleUnderTest(
                PReLU(
                    numParameters: try arguments.integer("num_parameters", default: 1),
                    init: try arguments.number("init", default: 0.25)))
        },
        "ReLU": { ModuleUnderTest(ReLU(inplace: try inplace($0))) },
        "ReLU6": { ModuleUnderTest(ReLU6(inplace: try inplace($0))) },
        "RReLU": { arguments in
            ModuleUnderTest(
                RReLU(
                    lower: try arguments.number("lower", default: 1.0 / 8),
                    upper: try arguments.number("upper", default: 1.0 / 3), inplace: try inplace(arguments)))
        },
        "SELU": { ModuleUnderTest(SELU(inplace: try inplace($0))) },
        "SiLU": { ModuleUnderTest(SiLU(inplace: try inplace($0))) },
        "Sigmoid": { _ in ModuleUnderTest(Sigmoid()) },
        "Softmax": { ModuleUnderTest(Softmax(dim: try $0.optionalInteger("dim"))) },
        "Softmax2d": { _ in ModuleUnderTest(Softmax2d()) },
        "Softmin": { ModuleUnderTest(Softmin(dim: try $0.optionalInteger("dim"))) },
        "Softplus": { arguments in
            ModuleUnderTest(
                Softplus(
                    beta: try arguments.number("beta", default: 1),
                    threshold: try arguments.number("threshold", default: 20)))
        },
        "Softshrink": { ModuleUnderTest(Softshrink(try $0.number("lambd", default: 0.5))) },
        "Softsign": { _ in ModuleUnderTest(Softsign()) },
        "Tanh": { _ in ModuleUnderTest(Tanh()) },
        "Tanhshrink": { _ in ModuleUnderTest(Tanhshrink()) },
        "Threshold": { arguments in
            ModuleUnderTest(
                Threshold(
                    try arguments.number("threshold"), try arguments.number("value"), inplace: try inplace(arguments)))
        },
    ]

    private static func inplace(_ arguments: CaseArguments) throws -> Bool {
        try arguments.boolean("inplace", default: false)
    }
}
