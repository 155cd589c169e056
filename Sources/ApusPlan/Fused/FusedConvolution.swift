import ApusGraph

/// The elementwise functions that kernels apply to their result while it is in registers.
public enum Activation: String, Sendable, Hashable {
    case relu, sigmoid, tanh

    public init?(_ function: PointwiseFunction) { self.init(rawValue: function.rawValue) }

    public var function: PointwiseFunction {
        switch self {
        case .relu: .relu
        case .sigmoid: .sigmoid
        case .tanh: .tanh
        }
    }
}

/// A convolution followed by an activation (inputs as of ``Convolution``).
public struct FusedConvolution: Primitive {
    public static let name = "convolution+activation"
    public let convolution: Convolution
    public let activation: Activation

    public init(_ convolution: Convolution, _ activation: Activation) {
        self.convolution = convolution
        self.activation = activation
    }

    public var name: String { "\(convolution.name)+\(activation.rawValue)" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { try convolution.infer(inputs) }
}

/// A matrix product with a bias added to each row and an activation, each of them optional.
///
/// Inputs: as of ``MatMul``, then the bias [N] where `hasBias`.
public struct FusedMatMul: Primitive {
    public static let name = "matmul+bias"
    public let matmul: MatMul
    public let hasBias: Bool
    public let activation: Activation?

    public init(_ matmul: MatMul, hasBias: Bool, activation: Activation?) {
        self.matmul = matmul
        self.hasBias = hasBias
        self.activation = activation
    }

    public var name: String { matmul.name + (hasBias ? "+bias" : "") + (activation.map { "+\($0.rawValue)" } ?? "") }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try matmul.infer(Array(inputs.prefix(2)))
    }
}
