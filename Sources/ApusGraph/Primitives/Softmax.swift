/// eˣ / Σ eˣ along a dimension, or its logarithm; the largest element is subtracted first, so that nothing overflows.
///
/// Shape rule: the input's shape.
public struct Softmax: Primitive {
    public static let name = "softmax"
    public let dimension: Int
    public let isLogarithm: Bool

    public init(dimension: Int, isLogarithm: Bool) {
        self.dimension = dimension
        self.isLogarithm = isLogarithm
    }

    public var name: String { isLogarithm ? "log_softmax" : "softmax" }
    public var gradientName: String { isLogarithm ? "LogSoftmaxBackward0" : "SoftmaxBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(inputs[0].dtype). Cast it to .float32.")
        }
        return inputs
    }

    public var gradientReads: GradientReads { .outputs(0) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(SoftmaxGradient(self), context.output(), context.cotangent())]
    }
}

/// The gradient of ``Softmax`` (inputs: its result y, and dy).
///
/// Softmax: y · (dy − Σ dy · y); its logarithm: dy − eʸ · Σ dy.
public struct SoftmaxGradient: Primitive {
    public static let name = "softmax gradient"
    public let softmax: Softmax

    public init(_ softmax: Softmax) { self.softmax = softmax }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (y, dy, g) = (context.input(0), context.input(1), context.cotangent())
        let dim = [softmax.dimension]
        if softmax.isLogarithm {
            let (probability, sum) = (y.exp(), dy.sum(dim: dim, keepdim: true))
            return [-g * probability * sum, g - (g * probability).sum(dim: dim, keepdim: true)]
        }
        let inner = (dy * y).sum(dim: dim, keepdim: true)
        let weighted = (g * y).sum(dim: dim, keepdim: true)
        return [g * (dy - inner) - dy * weighted, y * (g - weighted)]
    }
}

extension Tensor {
    /// eˣ / Σ eˣ along a dimension (`torch.nn.functional.softmax`): [*] → [*].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func softmax(dim: Int) -> Tensor { softmax(dim, isLogarithm: false) }
    /// e⁻ˣ / Σ e⁻ˣ along a dimension (`torch.nn.functional.softmin`): [*] → [*].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func softmin(dim: Int) -> Tensor {
        if let error = Self.realError(self, "softmin") { return .refuse(error, like: [self]) }
        return (-self).softmax(dim: dim)
    }
    /// x − log Σ eˣ along a dimension (`torch.nn.functional.log_softmax`): [*] → [*].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func logSoftmax(dim: Int) -> Tensor { softmax(dim, isLogarithm: true) }

    private func softmax(_ dim: Int, isLogarithm: Bool) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: isLogarithm ? "log_softmax" : "softmax")
            let softmax = Softmax(dimension: dimension, isLogarithm: isLogarithm)
            guard rank == 0 else { return .record(softmax, self) }
            // A scalar is a row of one element.
            return Tensor.record(softmax, reshape([1])).reshape([]).withGradientName(softmax.gradientName)
        }
    }
}
