/// Division of each element by a power of its neighbours' mean square across channels (Krizhevsky et al. 2012).
///
/// Input: x [N, C, …]. Shape rule: that of x. y = x · d^(−β) with d = k + α / size · Σ x² over the channels
/// c − ⌊size / 2⌋ … c + ⌊(size − 1) / 2⌋, of which those beyond the ends count as 0.
public struct LocalResponseNormalization: Primitive {
    public static let name = "local_response_norm"
    public let size: Int
    public let alpha: Double
    public let beta: Double
    public let k: Double

    public init(size: Int, alpha: Double, beta: Double, k: Double) {
        (self.size, self.alpha, self.beta, self.k) = (size, alpha, beta, k)
    }

    public var gradientName: String { "DivBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].shape.rank >= 2, inputs[0].dtype.isFloatingPoint, size >= 1 else {
            throw TensorError(
                name,
                "an input \(inputs[0].shape.brackets) of \(inputs[0].dtype) with size \(size). Expected real numbers "
                    + "[N, C, …] and a size of at least 1.")
        }
        return [inputs[0]]
    }

    public var gradientReads: GradientReads { .inputs(0) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (dy, x) = (context.cotangent(), context.input(0))
        // The fused gradient has no gradient of its own; one that will be differentiated is made of simple operations.
        guard GradientMode.isEnabled else {
            return [.record(LocalResponseNormalizationGradient(self), dy, x)]
        }
        let planes = x.reshape([x.shape[0], 1, x.shape[1], -1])
        let g = dy.reshape(planes.shape)
        let divisor = windowMean(planes.square()) * alpha + k
        let power = divisor.pow(Tensor(scalar: -beta, dtype: x.dtype))
        // An element is in the windows of the channels that are its window seen from the other end.
        let spread = windowMean((g * planes * power / divisor).flip(2)).flip(2)
        return [(g * power - planes * spread * (2 * alpha * beta)).reshape(x.shape)]
    }

    /// The mean over the windows of the channels of [N, 1, C, positions].
    private func windowMean(_ x: Tensor) -> Tensor {
        let geometry = PoolingGeometry(
            kernelSize: [size, 1], stride: [1, 1], padding: [size / 2, 0], dilation: [1, 1], ceilMode: false)
        // Windows of even size end one channel late, which is one window too many.
        return x.averagePool(geometry)[0..., 0..., 0..<x.shape[2]]
    }
}

/// The gradient of ``LocalResponseNormalization`` (inputs: dy and x).
///
/// Shape rule: that of x. dx = dy · d^(−β) − 2αβ / size · x · Σ dy · x · d^(−β−1) over the channels whose window holds
/// c.
public struct LocalResponseNormalizationGradient: Primitive {
    public static let name = "local_response_norm gradient"
    public let normalization: LocalResponseNormalization

    public init(_ normalization: LocalResponseNormalization) { self.normalization = normalization }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[1]] }
}
