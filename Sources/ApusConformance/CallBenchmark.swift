import ApusEngine
import ApusGraph
import ApusNN
import Foundation

/// One call of a layer, function or loss that is timed, by PyTorch's name and arguments: an entry of
/// `Benchmarks/layers/cases.json`.
public struct CallBenchmark: Decodable {
    public let name: String
    let kind: String
    let operation: String
    let arguments: [String: ArgumentValue]
    let isTraining: Bool
    let inputs: [Input]

    /// What a case is called with: numbers evenly spread over −1 … 1 (`unit`: 0.05 … 0.95), or whole numbers
    /// 0 ..< `high`.
    struct Input: Decodable {
        let shape: [Int]
        let high: Int?
        let unit: Bool?
        /// Whether no gradient is taken by the input, which PyTorch has none for.
        let constant: Bool?
        /// The positions of a 2×2 pooling in rows of this many elements, as if each found its first.
        let unpoolingWidth: Int?

        enum CodingKeys: String, CodingKey {
            case shape
            case high
            case unit
            case constant
            case unpoolingWidth = "unpool_width"
        }
    }

    private enum Key: String, CodingKey {
        case name
        case kind
        case op
        case args
        case mode
        case inputs
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        name = try container.decode(String.self, forKey: .name)
        kind = try container.decodeIfPresent(String.self, forKey: .kind) ?? "layer"
        operation = try container.decode(String.self, forKey: .op)
        arguments = try container.decodeIfPresent([String: ArgumentValue].self, forKey: .args) ?? [:]
        isTraining = try container.decodeIfPresent(String.self, forKey: .mode) != "eval"
        inputs = try container.decode([Input].self, forKey: .inputs)
    }

    /// Makes what is called; throws what the case lacks here.
    public func prepare() throws -> PreparedCall {
        switch kind {
        case "layer":
            let subject = try LayerCases.build(operation, arguments)
            if isTraining { subject.module.train() } else { subject.module.eval() }
            return try PreparedCall(inputs, subject.module.parameters(), call: subject.call)
        case "loss":
            return try PreparedCall(
                inputs, [], call: LossCases.build(operation, arguments, tensors: [:]))
        case "function":
            let (operation, arguments) = (operation, arguments)
            return try PreparedCall(inputs, []) {
                try FunctionCases.call(operation, arguments, $0)
            }
        default: throw CaseProblem.unsupported("cases of the kind \(kind) are not timed")
        }
    }
}

extension CallBenchmark.Input {
    var tensor: Tensor {
        if let width = unpoolingWidth {
            let columns = Tensor.arange(width / 2) * 2
            let rows = Tensor.arange(shape[shape.count - 2]).unsqueeze(dim: 1) * (2 * width)
            return (rows + columns).expand(Shape(shape)).clone()
        }
        if let high { return .randint(0, high, Shape(shape)) }
        return .uniform(Shape(shape), low: unit == true ? 0.05 : -1, high: unit == true ? 0.95 : 1)
    }
}

/// A call that is ready to be timed.
public struct PreparedCall {
    private let inputs: [Tensor]
    private let parameters: [Parameter]
    private let call: ([Tensor]) throws -> [Tensor]
    private let takesGradient: [Bool]
    /// Ones, or nil where the result has no gradient: positions and classes.
    private let cotangent: Tensor?

    init(
        _ inputs: [CallBenchmark.Input], _ parameters: [Parameter],
        call: @escaping ([Tensor]) throws -> [Tensor]
    ) throws {
        let tensors = inputs.map(\.tensor)
        (self.inputs, self.parameters, self.call) = (tensors, parameters, call)
        takesGradient = zip(inputs, tensors).map { $0.constant != true && $1.dtype.isFloatingPoint }
        // Uninitialised forms take their sizes from this first call.
        let first = try noGrad { try call(tensors) }[0]
        cotangent = first.dtype.isFloatingPoint ? .ones(first.shape) : nil
        try Tensor.evaluate(tensors + parameters.map(\.data) + [cotangent].compactMap { $0 })
    }

    public var hasGradient: Bool { cotangent != nil }

    /// Computes the results, without a way back.
    public func forward() throws {
        try noGrad { try Tensor.evaluate(try call(inputs)) }
    }

    /// Computes the results, and the gradients of all inputs that are real numbers and of all parameters, for a
    /// gradient of ones.
    public func forwardAndBackward() throws {
        let leaves = zip(inputs, takesGradient).map { $1 ? $0.requiringGrad() : $0 }
        for parameter in parameters { parameter.grad = nil }
        let results = try call(leaves)
        results[0].backward(gradient: cotangent)
        try Tensor.evaluate(results + leaves.compactMap(\.grad) + parameters.compactMap(\.grad))
    }

    /// The seconds of single runs of `body`, as many as fit into `duration` seconds after two that do not count.
    public static func times(of body: () throws -> Void, duration: Double) throws -> [Double] {
        for _ in 0..<2 { try withTensorErrors(body) }
        var times: [Double] = []
        let clock = ContinuousClock()
        let end = clock.now + .seconds(duration)
        repeat {
            let taken = try clock.measure { try withTensorErrors(body) }
            times.append(Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18)
        } while clock.now < end
        return times
    }
}
