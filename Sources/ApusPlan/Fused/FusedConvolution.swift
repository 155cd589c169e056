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

/// A convolution, a tensor added to it (the shortcut of a residual block), and an activation; each of the latter two is
/// optional.
///
/// activation((w ∗ x + b) + z). Inputs: as of ``Convolution``, then z, of the result's shape and type, where `addsInput`.
public struct FusedConvolution: Primitive, ReusesInputs {
    public static let name = "convolution+activation"
    public let convolution: Convolution
    public let addsInput: Bool
    public let activation: Activation?

    public init(_ convolution: Convolution, addsInput: Bool = false, _ activation: Activation?) {
        (self.convolution, self.addsInput, self.activation) = (convolution, addsInput, activation)
    }

    public var name: String {
        convolution.name + (addsInput ? "+add" : "") + (activation.map { "+\($0.rawValue)" } ?? "")
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let results = try convolution.infer(convolutionInputs(inputs))
        if addsInput, let addend = inputs.last, addend != results[0] {
            throw TensorError(
                name,
                "the sum of a convolution, \(results[0].dtype)\(results[0].shape.brackets), and "
                    + "\(addend.dtype)\(addend.shape.brackets): both must have the same shape and type.")
        }
        return results
    }

    /// The inputs of the convolution itself.
    public func convolutionInputs<Input>(_ inputs: [Input]) -> [Input] { addsInput ? inputs.dropLast() : inputs }

    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] {
        addsInput ? [inputs.count - 1] : []
    }
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
