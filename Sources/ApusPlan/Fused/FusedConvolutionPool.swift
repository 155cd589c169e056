import ApusGraph

/// A convolution, max-pooling and an activation in one pass: the convolution's own result is never stored.
///
/// Inputs: as of ``Convolution``. Results: as of ``MaxPool``, with the activation applied to the values.
public struct FusedConvolutionPool: Primitive {
    public static let name = "convolution+max_pool"
    public let convolution: Convolution
    public let pool: MaxPool
    public let activation: Activation?

    public init(_ convolution: Convolution, _ pool: MaxPool, _ activation: Activation?) {
        self.convolution = convolution
        self.pool = pool
        self.activation = activation
    }

    public var name: String { Self.name + (activation.map { "+\($0.rawValue)" } ?? "") }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try pool.infer(try convolution.infer(inputs))
    }
}
