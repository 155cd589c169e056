import ApusGraph
import ApusNN

/// Constructs a loss from a case's arguments: a function of the call's tensors.
typealias LossBuilder = @Sendable (CaseArguments) throws -> LossUnderTest

/// A loss that a case constructed.
struct LossUnderTest {
    let inputCount: Int
    let call: ([Tensor]) -> Tensor

    /// A loss of a prediction and a target.
    static func ofTwo(_ loss: @escaping (Tensor, Tensor) -> Tensor) -> LossUnderTest {
        LossUnderTest(inputCount: 2) { loss($0[0], $0[1]) }
    }

    /// A loss of three tensors.
    static func ofThree(_ loss: @escaping (Tensor, Tensor, Tensor) -> Tensor) -> LossUnderTest {
        LossUnderTest(inputCount: 3) { loss($0[0], $0[1], $0[2]) }
    }
}

/// The losses by their PyTorch names; a new one is one entry in the table of its subject.
enum LossCases {
    static let all: [String: LossBuilder] = [classes, embeddings, errors, likelihoods].reduce(into: [:]) {
        all, table in all.merge(table) { first, _ in first }
    }

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
            guard inputs.count == loss.inputCount else {
                throw CaseProblem.unsupported(
                    "\(operation) takes \(loss.inputCount) tensors here, not \(inputs.count)")
            }
            return [loss.call(inputs)]
        }
    }

    /// Checks results and gradients of a loss case.
    static func run(_ goldenCase: GoldenCase) throws {
        let tensors = try goldenCase.tensors(named: "param.")
        let loss = try build(goldenCase.operation, goldenCase.arguments, tensors: tensors)
        try goldenCase.refuseCallArguments()
        try CallCheck(goldenCase).run(call: loss)
    }

    static func reduction(_ arguments: CaseArguments) throws -> LossReduction {
        switch try arguments.text("reduction", default: "mean") {
        case "mean": return .mean
        case "sum": return .sum
        case "none": return .none
        case let other: throw CaseProblem.inexpressible("there is no reduction \"\(other)\"")
        }
    }

    /// Losses of errors x − y.
    private static let errors: [String: LossBuilder] = [
        "L1Loss": { .ofTwo(L1Loss(reduction: try reduction($0)).callAsFunction) },
        "MSELoss": { .ofTwo(MSELoss(reduction: try reduction($0)).callAsFunction) },
        "SmoothL1Loss": { arguments in
            .ofTwo(
                SmoothL1Loss(
                    reduction: try reduction(arguments), beta: try arguments.number("beta", default: 1)
                ).callAsFunction)
        },
        "HuberLoss": { arguments in
            .ofTwo(
                HuberLoss(
                    reduction: try reduction(arguments), delta: try arguments.number("delta", default: 1)
                ).callAsFunction)
        },
    ]
}
