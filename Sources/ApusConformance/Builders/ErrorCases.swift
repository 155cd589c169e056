import ApusEngine
import ApusGraph
import ApusNN
import Foundation

/// A call that must be refused: an entry of `errors.json`.
struct ErrorCase {
    let name: String
    let kind: String
    let operation: String
    private let arguments: [String: ArgumentValue]
    private let callArguments: [String: ArgumentValue]
    private let isTraining: Bool
    /// Whether a typed interface that cannot express the call counts as refusing it.
    private let isTyped: Bool
    private let inputs: [ArgumentValue]
    private let tensorArguments: [String: ArgumentValue]
    private let state: [String: ArgumentValue]

    init(_ value: ArgumentValue) throws {
        guard let members = value.members, let name = members["case"]?.string, let kind = members["kind"]?.string,
            let operation = members["op"]?.string
        else { throw CaseProblem.malformed("an entry of errors.json lacks case, kind or op") }
        (self.name, self.kind, self.operation) = (name, kind, operation)
        arguments = members["args"]?.members ?? [:]
        callArguments = members["call"]?.members ?? [:]
        isTraining = members["mode"]?.string != "eval"
        isTyped = members["typed"] == .boolean(true)
        tensorArguments = members["tensor_args"]?.members ?? [:]
        state = members["state"]?.members ?? [:]
        if case .list(let list) = members["inputs"] { inputs = list } else { inputs = [] }
    }

    /// Reads all entries of a file.
    static func all(path: String) throws -> [ErrorCase] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        guard case .list(let entries) = try JSONDecoder().decode(ArgumentValue.self, from: data) else {
            throw CaseProblem.malformed("errors.json is no list")
        }
        return try entries.map { try ErrorCase($0) }
    }

    /// Makes the call, which must be refused, and says how it was.
    ///
    /// Throws `mismatch` where it is accepted, and `unsupported` where it cannot be made here.
    func run() throws -> String {
        var problem: CaseProblem?
        do {
            try withTensorErrors {
                do {
                    try call()
                } catch let error as CaseProblem {
                    problem = error
                    throw error
                }
            }
        } catch {
            switch problem {
            case .inexpressible(let text) where isTyped: return "cannot be written: \(text)"
            case .inexpressible(let text): throw CaseProblem.unsupported(text)
            case .some(let problem): throw problem
            case nil: return "\(error)"
            }
        }
        throw CaseProblem.mismatch("the call was accepted")
    }

    private func call() throws {
        switch kind {
        case "layer":
            let subject = try LayerCases.build(operation, arguments, callArguments: callArguments)
            if isTraining { subject.module.train() } else { subject.module.eval() }
            if !inputs.isEmpty { try read(subject.call(tensors())) }
        case "loss":
            let tensors = try tensorArguments.mapValues { try Self.tensor($0) }
            let loss = try LossCases.build(operation, arguments, tensors: tensors)
            if !inputs.isEmpty { try read(loss(self.tensors())) }
        case "function": try read(FunctionCases.call(operation, arguments, tensors()))
        case "optimizer":
            // The format: one parameter of shape [2].
            _ = try OptimizerCases.build(operation, [([Parameter(.ones([2]))], arguments)])
        case "scheduler": _ = try SchedulerCases.build(operation, arguments, SchedulerCases.usualOptimizer())
        case "init": try read(Array(InitCases.make(operation, arguments).values))
        case "load_state_dict":
            let module = try LayerCases.build(operation, arguments).module
            let state = try state.map { key, shape in
                guard let sizes = shape.integers else { throw CaseProblem.malformed("the shape of \(key)") }
                return (key, Tensor.ones(Shape(sizes)))
            }
            try module.load(StateDict(state), strict: true)
        default: throw CaseProblem.unsupported("cases of the kind \(kind) are not run here")
        }
    }

    /// Some errors, such as a class out of range, show when elements are computed.
    private func read(_ results: [Tensor]) throws {
        for result in results { try result.withElements { _ in } }
    }

    private func tensors() throws -> [Tensor] { try inputs.map { try Self.tensor($0) } }

    /// A tensor of an entry: its `data`, or any values where there is none.
    private static func tensor(_ value: ArgumentValue) throws -> Tensor {
        let dtypes: [String: DType] = ["float32": .float32, "int64": .int64, "bool": .bool]
        guard let members = value.members, let sizes = members["shape"]?.integers,
            let dtype = members["dtype"]?.string.flatMap({ dtypes[$0] })
        else { throw CaseProblem.malformed("a tensor lacks shape or dtype") }
        let shape = Shape(sizes)
        guard case .list(let data) = members["data"] else { return .ones(shape, dtype: dtype) }
        let numbers = data.compactMap { element -> Double? in
            if case .boolean(let value) = element { return value ? 1 : 0 }
            return element.number
        }
        guard numbers.count == shape.elementCount else {
            throw CaseProblem.malformed("a tensor \(shape.brackets) has \(numbers.count) elements")
        }
        return Tensor(numbers, shape: shape, dtype: dtype)
    }
}
