import ApusEngine
import ApusGraph
import ApusNN

/// The initialisers by their PyTorch names; a new one is one entry.
enum InitCases {
    private typealias Filler = @Sendable (Parameter, CaseArguments) throws -> Void

    private static let fillers: [String: Filler] = [
        "zeros_": { parameter, _ in Initializer.zeros(parameter) },
        "ones_": { parameter, _ in Initializer.ones(parameter) },
        "constant_": { Initializer.constant($0, try $1.number("val")) },
        "uniform_": { parameter, arguments in
            Initializer.uniform(
                parameter, low: try arguments.number("a", default: 0), high: try arguments.number("b", default: 1))
        },
        "normal_": { parameter, arguments in
            Initializer.normal(
                parameter, mean: try arguments.number("mean", default: 0),
                standardDeviation: try arguments.number("std", default: 1))
        },
        "trunc_normal_": { parameter, arguments in
            Initializer.truncatedNormal(
                parameter, mean: try arguments.number("mean", default: 0),
                standardDeviation: try arguments.number("std", default: 1),
                low: try arguments.number("a", default: -2), high: try arguments.number("b", default: 2))
        },
        "xavier_uniform_": { Initializer.xavierUniform($0, gain: try $1.number("gain", default: 1)) },
        "xavier_normal_": { Initializer.xavierNormal($0, gain: try $1.number("gain", default: 1)) },
        "kaiming_uniform_": { parameter, arguments in
            Initializer.kaimingUniform(
                parameter, mode: try fanMode(arguments), nonlinearity: try kaimingNonlinearity(arguments))
        },
        "kaiming_normal_": { parameter, arguments in
            Initializer.kaimingNormal(
                parameter, mode: try fanMode(arguments), nonlinearity: try kaimingNonlinearity(arguments))
        },
        "eye_": { parameter, _ in Initializer.eye(parameter) },
        "dirac_": { Initializer.dirac($0, groups: try $1.integer("groups", default: 1)) },
        "sparse_": { parameter, arguments in
            Initializer.sparse(
                parameter, sparsity: try arguments.number("sparsity"),
                standardDeviation: try arguments.number("std", default: 0.01))
        },
        "orthogonal_": { Initializer.orthogonal($0, gain: try $1.number("gain", default: 1)) },
    ]

    /// The fresh tensors of the call: `tensor`, or the state of a layer by its names.
    static func make(_ operation: String, _ values: [String: ArgumentValue]) throws -> [String: Tensor] {
        guard let filler = fillers[operation] else {
            return try LayerCases.build(operation, values).stateByName
        }
        let arguments = CaseArguments(values)
        let parameter = Parameter(.zeros(Shape(try arguments.integers("shape"))))
        try filler(parameter, arguments)
        try arguments.checkAllRead(operation)
        return ["tensor": parameter.data]
    }

    /// Checks the statistics of fresh tensors, or a gain.
    static func run(_ goldenCase: GoldenCase) throws {
        guard let expectations = try goldenCase.json("expect")?.members else {
            throw CaseProblem.malformed("the metadata has no object \"expect\"")
        }
        guard goldenCase.operation != "calculate_gain" else { return try checkGain(goldenCase, expectations) }
        // Counters are no part of what is drawn, and have no expectation.
        let tensors = try make(goldenCase.operation, goldenCase.arguments)
            .filter { $0.value.dtype.isFloatingPoint || expectations[$0.key] != nil }
        guard Set(tensors.keys) == Set(expectations.keys) else {
            throw CaseProblem.mismatch(
                "the state is \(tensors.keys.sorted()), expected \(expectations.keys.sorted())")
        }
        var problems: [String] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            guard let members = expectations[name]?.members else {
                throw CaseProblem.malformed("\"expect\" of \(name) is no object")
            }
            problems += try SampleStatistics(tensor).problems(members).map { "\(name): \($0)" }
        }
        guard problems.isEmpty else { throw CaseProblem.mismatch(problems.joined(separator: "; ")) }
    }

    private static func checkGain(_ goldenCase: GoldenCase, _ expectations: [String: ArgumentValue]) throws {
        let arguments = CaseArguments(goldenCase.arguments)
        let slope = try arguments.number("param", default: 0.01)
        let gain = try nonlinearity(arguments, "linear", slope: slope).gain
        try arguments.checkAllRead("calculate_gain")
        guard let expected = expectations["gain"]?.number, expectations.count == 1 else {
            throw CaseProblem.malformed("\"expect\" has no \"gain\" alone")
        }
        guard (gain - expected).magnitude <= goldenCase.tolerance.limit(expected) else {
            throw CaseProblem.mismatch("the gain is \(gain), expected \(expected)")
        }
    }

    private static func fanMode(_ arguments: CaseArguments) throws -> Initializer.FanMode {
        switch try arguments.text("mode", default: "fan_in") {
        case "fan_in": return .fanIn
        case "fan_out": return .fanOut
        case let other: throw CaseProblem.inexpressible("the mode \"\(other)\" is neither fan_in nor fan_out")
        }
    }

    private static func kaimingNonlinearity(_ arguments: CaseArguments) throws -> Nonlinearity {
        try nonlinearity(arguments, "leaky_relu", slope: arguments.number("a", default: 0))
    }

    /// The argument `nonlinearity`; convolutions have the gain of a linear function, as in PyTorch.
    private static func nonlinearity(
        _ arguments: CaseArguments, _ fallback: String, slope: Double
    ) throws -> Nonlinearity {
        switch try arguments.text("nonlinearity", default: fallback) {
        case "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d":
            return .linear
        case "sigmoid": return .sigmoid
        case "tanh": return .tanh
        case "relu": return .relu
        case "leaky_relu": return .leakyReLU(slope: slope)
        case "selu": return .selu
        case let other: throw CaseProblem.inexpressible("there is no nonlinearity \"\(other)\"")
        }
    }
}
