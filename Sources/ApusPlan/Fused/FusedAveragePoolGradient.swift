import ApusGraph

/// The gradient of an average pooling and of the activation before it in one pass: σ′ where the result of σ is y, times
/// what the pooling's gradient spreads.
///
/// Inputs: y, the result of the activation, which the pooling read; the gradient of the pooling's result. Result: as of
/// ``AveragePoolGradient``, whose input y is.
public struct FusedAveragePoolGradient: Primitive {
    public static let name = "avg_pool gradient+activation gradient"
    public let gradient: AveragePoolGradient
    public let activation: Activation

    public init(_ gradient: AveragePoolGradient, _ activation: Activation) {
        (self.gradient, self.activation) = (gradient, activation)
    }

    public var name: String { "\(gradient.name)+\(activation.gradient.rawValue)" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try gradient.infer([inputs[1]])
    }
}

extension Activation {
    /// The function of the activation's result y and of dy that gives the gradient of what was activated.
    public var gradient: PointwiseFunction {
        switch self {
        case .relu: .reluGradient
        case .sigmoid: .sigmoidGradient
        case .tanh: .tanhGradient
        }
    }

    /// The activation whose gradient a function is; nil for all other functions.
    public init?(gradient: PointwiseFunction) {
        switch gradient {
        case .reluGradient: self = .relu
        case .sigmoidGradient: self = .sigmoid
        case .tanhGradient: self = .tanh
        default: return nil
        }
    }
}
