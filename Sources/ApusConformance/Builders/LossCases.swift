import ApusGraph
import ApusNN

/// A loss that a case constructed, as a function of the call's tensors.
typealias LossBuilder = @Sendable (CaseArguments) throws -> (Tensor, Tensor) -> Tensor

/// The losses by their PyTorch names; a new one is one entry.
enum LossCases {
    static let all: [String: LossBuilder] = [
        "CrossEntropyLoss": { arguments in
            CrossEntropyLoss(
                weight: arguments.tensor("weight"),
                ignoreIndex: try arguments.integer("ignore_index", default: -100),
                reduction: try reduction(arguments),
                labelSmoothing: try arguments.number("label_smoothing", default: 0)
            ).callAsFunction
        },
        "NLLLoss": { arguments in
            NLLLoss(
                weight: arguments.tensor("weight"),
                ignoreIndex: try arguments.integer("ignore_index", default: -100),
                reduction: try reduction(arguments)
            ).callAsFunction
        },
        "MSELoss": { MSELoss(reduction: try reduction($0)).callAsFunction },
    ]

    /// Constructs the loss; throws `unsupported` where it does not exist here.
    ///
    /// - Parameter tensors: constructor arguments that are tensors, such as `weight`.
    static func build(
        _ operation: String, _ arguments: [String: ArgumentValue], tensors: [String: Tensor]
    ) throws -> ([Tensor]) throws -> [Tensor] {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the loss \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments, tensors: tensors)
        let loss = try builder(arguments)
        try arguments.checkAllRead(operation)
        return { inputs in
            guard inputs.count == 2 else {
                throw CaseProblem.unsupported("\(operation) takes two tensors here, not \(inputs.count)")
            }
            return [loss(inputs[0], inputs[1])]
        }
    }

    /// Checks results and gradients of a loss case.
    static func run(_ goldenCase: GoldenCase) throws {
        let tensors = try goldenCase.tensors(named: "param.")
        let loss = try build(goldenCase.operation, goldenCase.arguments, tensors: tensors)
        try goldenCase.refuseCallArguments()
        try CallCheck(goldenCase).run(call: loss)
    }

    private static func reduction(_ arguments: CaseArguments) throws -> LossReduction {
        switch try arguments.text("reduction", default: "mean") {
        case "mean": return .mean
        case "sum": return .sum
        case "none": return .none
        case let other: throw CaseProblem.inexpressible("there is no reduction \"\(other)\"")
        }
    }
}
