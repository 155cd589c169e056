import ApusModels
import ApusNN

/// The networks of the format's definition by their names there; a new one is one entry.
enum ModelCases {
    static let all: [String: ModuleBuilder] = [
        "LeNetA": { _ in ModuleUnderTest(LeNet()) },
        "LeNetB": { _ in ModuleUnderTest(LeNet5()) },
    ]

    /// Constructs the network; throws `unsupported` where it does not exist here.
    static func build(_ operation: String, _ arguments: [String: ArgumentValue]) throws -> ModuleUnderTest {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the model \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments)
        let module = try builder(arguments)
        try arguments.checkAllRead(operation)
        return module
    }

    /// Checks results, gradients and state of a model case.
    static func run(_ goldenCase: GoldenCase) throws {
        let subject = try build(goldenCase.operation, goldenCase.arguments)
        try LayerCases.refuseCallArguments(goldenCase)
        try LayerCases.check(subject, goldenCase)
    }
}
