import ApusGraph
import ApusNN

/// Constructs a module of its arguments.
typealias ModuleBuilder = @Sendable (CaseArguments) throws -> ModuleUnderTest

/// Cases of modules: layers and whole networks.
protocol ModuleCases {
    /// What the modules are, for messages: `layer`.
    static var kind: String { get }
    /// The modules by the names that cases call them.
    static var builders: [String: ModuleBuilder] { get }
}

extension ModuleCases {
    /// Constructs the module; throws `unsupported` where it does not exist here.
    ///
    /// - Parameter callArguments: keyword arguments of the call, which builders read as ``CaseArguments/call``.
    static func build(
        _ operation: String, _ arguments: [String: ArgumentValue], callArguments: [String: ArgumentValue] = [:]
    ) throws -> ModuleUnderTest {
        guard let builder = builders[operation] else {
            throw CaseProblem.unsupported("the \(kind) \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments, callArguments: callArguments)
        let module = try builder(arguments)
        try arguments.checkAllRead(operation)
        try arguments.call?.checkAllRead("the call of \(operation)")
        return module
    }

    /// Checks results, gradients and state of a case.
    static func run(_ goldenCase: GoldenCase) throws {
        let subject = try build(
            goldenCase.operation, goldenCase.arguments, callArguments: goldenCase.callArguments())
        try subject.check(goldenCase)
    }
}

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

    /// Parameters and buffers by their state names.
    var stateByName: [String: Tensor] {
        Dictionary(module.stateDict().map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    }

    /// Loads the state, sets the mode, calls and compares.
    func check(_ goldenCase: GoldenCase) throws {
        try module.load(StateDict(goldenCase.tensors(named: "param.").map { ($0.key, $0.value) }), strict: true)
        if goldenCase.isTraining { module.train() } else { module.eval() }
        let parameters = Dictionary(
            module.namedParameters().map { ($0.name, $0.parameter) }, uniquingKeysWith: { first, _ in first })
        try CallCheck(goldenCase).run(
            parameterGradient: { parameters[$0]?.grad }, state: { stateByName }, call: call)
    }
}

extension GoldenCase {
    /// No loss here takes keyword arguments when it is called.
    func refuseCallArguments() throws {
        let names = try callArguments().keys.sorted()
        guard names.isEmpty else {
            throw CaseProblem.unsupported("\(operation) is called without \(names.joined(separator: ", ")) here")
        }
    }
}
