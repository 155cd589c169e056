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
        let perChannel = try Self.channelSpec(x, parameters: Array(inputs.dropFirst()))
        guard x.shape.elementCount / Swift.max(x.shape[1], 1) > 1 else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has one value per channel, which has no variance. Use a larger "
                    + "batch, or eval().")
        }
        return [x, perChannel, perChannel, perChannel]
    }

    /// The shape [C] of what belongs to the channels of [N, C, …].
    static func channelSpec(_ x: TensorSpec, parameters: [TensorSpec]) throws(TensorError) -> TensorSpec {
        guard x.shape.rank >= 2 else {
            throw TensorError(name, "the input \(x.shape.brackets) needs at least two dimensions: [N, C, …].")
        }
        guard x.dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(x.dtype). Cast it to .float32.")
        }
        let channels = x.shape[1]
        for parameter in parameters {
            guard parameter.shape == [channels] else {
                throw TensorError(
                    name,
                    "the input \(x.shape.brackets) has \(channels) channels, the layer "
                        + "\(parameter.shape.elementCount). Expected num_features: \(channels).")
            }
            guard parameter.dtype == x.dtype else {
                throw TensorError(
                    name, "the input is \(x.dtype), the layer computes in \(parameter.dtype). Cast one of them.")
            }
        }
        return TensorSpec([channels], x.dtype, x.device)
    }

    public var gradientReads: GradientReads {
        GradientReads(inputs: isAffine ? [0, 1] : [0], outputs: [1, 3])
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let x = context.input(0)
        let gamma = isAffine ? context.input(1) : .full([x.shape[1]], 1, dtype: x.dtype, device: x.device)
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

/// Normalisation of each channel by a mean and a variance that are given, as batch norm does in evaluation mode.
///
/// Inputs: x [N, C, …]; mean, 1 / √(variance + ε), γ and β [C]. Shape rule: that of x.
/// y = (x − mean) · inverse · γ + β.
public struct ChannelNormalization: Primitive {
    public static let name = "channel normalization"

    public init() {}

    public var gradientName: String { "NativeBatchNormBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        _ = try BatchNormalization.channelSpec(inputs[0], parameters: Array(inputs.dropFirst()))
        return [inputs[0]]
    }

    public var gradientReads: GradientReads { .inputs(0, 1, 2, 3) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let x = context.input(0)
        let (mean, inverse, gamma) = (context.input(1), context.input(2), context.input(3))
        let scale = gamma * inverse
        func gradients(_ dx: Tensor, _ dGamma: Tensor, _ dBeta: Tensor) -> [Tensor?] {
            [
                dx, context.needs(1) ? -(dBeta * scale) : nil, context.needs(2) ? dGamma * gamma / inverse : nil,
                dGamma, dBeta,
            ]
        }
        guard GradientMode.isEnabled || x.count == 0 else {
            let primitive = BatchNormalizationGradient(usesBatchStatistics: false)
            let results = Tensor.record(primitive, [dy, x, mean, inverse, gamma])
            guard results.count == 3 else { return results }
            return gradients(results[0], results[1], results[2])
        }
        let others = [0] + Array(2..<x.rank)
        let channel = Shape([1, x.shape[1]] + [Int](repeating: 1, count: x.rank - 2))
        let normalized = (x - mean.reshape(channel)) * inverse.reshape(channel)
        return gradients(dy * scale.reshape(channel), (dy * normalized).sum(dim: others), dy.sum(dim: others))
    }
}

/// The gradients of ``BatchNormalization``, and of ``ChannelNormalization`` where the statistics are not the batch's.
///
/// Inputs: dy and x [N, C, …], mean, 1 / √(variance + ε) and γ [C]. Results: dx like x, dγ [C], dβ [C].
/// dx = γ · inverse · (dy − mean(dy) − x̂ · mean(dy · x̂)), or γ · inverse · dy.
public struct BatchNormalizationGradient: Primitive {
    public static let name = "batch_norm gradient"
    public let usesBatchStatistics: Bool

    public init(usesBatchStatistics: Bool = true) { self.usesBatchStatistics = usesBatchStatistics }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [inputs[1], inputs[2], inputs[2]]
    }
}
