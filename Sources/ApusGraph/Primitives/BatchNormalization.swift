/// Normalisation of each channel by the mean and variance of the batch, then scale and shift (Ioffe & Szegedy 2015).
///
/// Inputs: x [N, C, …] and, where `isAffine`, γ [C] and β [C]. Results: y like x, the batch's mean [C], its variance
/// [C] (biased: divided by the number of elements), and 1 / √(variance + ε) [C].
public struct BatchNormalization: Primitive {
    public static let name = "batch_norm"
    public let epsilon: Double
    public let isAffine: Bool

    public init(epsilon: Double, isAffine: Bool) {
        self.epsilon = epsilon
        self.isAffine = isAffine
    }

    public var gradientName: String { "NativeBatchNormBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let x = inputs[0]
        guard x.shape.rank >= 2 else {
            throw TensorError(name, "the input \(x.shape.brackets) needs at least two dimensions: [N, C, …].")
        }
        let channels = x.shape.dimensions[1]
        for parameter in inputs.dropFirst() where parameter.shape != [channels] {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has \(channels) channels, the layer "
                    + "\(parameter.shape.elementCount). Expected num_features: \(channels).")
        }
        guard x.shape.elementCount / Swift.max(channels, 1) > 1 else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has one value per channel, which has no variance. Use a larger "
                    + "batch, or eval().")
        }
        let perChannel = TensorSpec([channels], x.dtype, x.device)
        return [x, perChannel, perChannel, perChannel]
    }

    public var gradientReads: GradientReads {
        GradientReads(inputs: isAffine ? [0, 1] : [0], outputs: [1, 3])
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let x = context.input(0)
        let gamma = isAffine ? context.input(1) : .ones([x.shape[1]], dtype: x.dtype)
        // The fused gradient has no gradient of its own; one that will be differentiated is made of simple operations.
        guard GradientMode.isEnabled else {
            let results = Tensor.record(
                BatchNormalizationGradient(), [dy, x, context.output(1), context.output(3), gamma])
            return isAffine ? results : [results[0]]
        }
        let others = [0] + Array(2..<x.rank)
        let channel = Shape([1, x.shape[1]] + [Int](repeating: 1, count: x.rank - 2))
        let count = Double(x.count / x.shape[1])
        let mean = x.mean(dim: others, keepdim: true)
        let inverse = ((x - mean).square().mean(dim: others, keepdim: true) + epsilon).rsqrt()
        let normalized = (x - mean) * inverse
        let dBeta = dy.sum(dim: others, keepdim: true)
        let dGamma = (dy * normalized).sum(dim: others, keepdim: true)
        let dx = (dy - dBeta / count - normalized * dGamma / count) * inverse * gamma.reshape(channel)
        return isAffine ? [dx, dGamma.reshape([x.shape[1]]), dBeta.reshape([x.shape[1]])] : [dx]
    }
}

/// The gradients of ``BatchNormalization``.
///
/// Inputs: dy and x [N, C, …], mean, 1 / √(variance + ε) and γ [C]. Results: dx like x, dγ [C], dβ [C].
/// dx = γ · inverse · (dy − mean(dy) − x̂ · mean(dy · x̂)).
public struct BatchNormalizationGradient: Primitive {
    public static let name = "batch_norm gradient"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [inputs[1], inputs[2], inputs[2]]
    }
}
