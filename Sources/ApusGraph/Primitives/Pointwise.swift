/// An elementwise function of one, two or three tensors; the shapes broadcast.
///
/// One primitive serves all such functions, so that the engine can fuse any chain of them into one loop.
/// Shape rule: the broadcast of all inputs. The inputs have one type (see ``Tensor/promote(_:_:_:)``); the result has
/// it too, except for comparisons and logic, which give `bool`, and for ``PointwiseFunction/cast``.
public struct Pointwise: Primitive {
    public static let name = "Pointwise"

    public let function: PointwiseFunction
    /// The type of the result where it is not that of the inputs.
    public let resultType: DType?

    public init(_ function: PointwiseFunction, resultType: DType? = nil) {
        self.function = function
        self.resultType = function.isPredicate ? .bool : resultType
    }

    public var name: String { function == .select ? "where" : function.rawValue }
    public var gradientName: String { function.gradientName }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        precondition(inputs.count == function.arity, "\(name) takes \(function.arity) inputs")
        var shape = inputs[0].shape
        for input in inputs.dropFirst() {
            guard let common = Shape.broadcast(shape, input.shape) else {
                throw TensorError(
                    name,
                    "the shapes \(inputs.map(\.shape.brackets).joined(separator: " and ")) do not broadcast: aligned at "
                        + "the end, sizes must be equal or 1. Reshape or unsqueeze one of them.")
            }
            shape = common
        }
        let dtype = inputs[inputs.count - 1].dtype
        if dtype == .bool, !function.takesTruthValues {
            throw TensorError(name, "this is not defined for bool. Cast to .int64 or .float32, or use logic functions.")
        }
        return [TensorSpec(shape, resultType ?? dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { function.gradientReads }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let gradients = function.gradient(context)
        return gradients.enumerated().map { index, gradient in
            gradient.map { $0.sum(to: context.inputSpec(index).shape) }
        }
    }
}

/// The elementwise functions, by the names of PyTorch's operators.
public enum PointwiseFunction: String, Sendable, Hashable, CaseIterable {
    // One input.
    case copy, neg, abs, exp, log, log1p, expm1, sqrt, rsqrt, reciprocal, sin, cos, tan, tanh, sigmoid, relu, erf
    case floor, ceil, round, trunc, sign, square, logicalNot, isNaN
    /// To another type: toward zero from real to integer; nonzero to `bool` is true.
    case cast
    // Two inputs.
    case add, sub, mul, div, pow, maximum, minimum, atan2, remainder
    case eq, ne, lt, le, gt, ge, logicalAnd, logicalOr
    /// y, dy ↦ dy · y · (1 − y)
    case sigmoidGradient
    /// y, dy ↦ dy · (1 − y²)
    case tanhGradient
    /// y, dy ↦ dy where y > 0, else 0
    case reluGradient
    /// Condition, a, b ↦ a where the condition is not 0, else b.
    case select

    /// The number of inputs.
    public var arity: Int {
        switch self {
        case .select: 3
        case .add, .sub, .mul, .div, .pow, .maximum, .minimum, .atan2, .remainder, .eq, .ne, .lt, .le, .gt, .ge,
            .logicalAnd, .logicalOr, .sigmoidGradient, .tanhGradient, .reluGradient:
            2
        default: 1
        }
    }

    /// Whether the result is a truth value.
    public var isPredicate: Bool {
        switch self {
        case .eq, .ne, .lt, .le, .gt, .ge, .logicalAnd, .logicalOr, .logicalNot, .isNaN: true
        default: false
        }
    }

    /// Whether the function is defined for `bool`, as in PyTorch.
    var takesTruthValues: Bool {
        switch self {
        case .neg, .abs, .relu, .sub, .pow, .remainder, .sign, .floor, .ceil, .round, .trunc, .square: false
        default: true
        }
    }

    /// PyTorch's name of the gradient function.
    var gradientName: String {
        switch self {
        case .select: "WhereBackward0"
        case .copy: "CloneBackward0"
        case .cast: "ToCopyBackward0"
        case .sigmoidGradient: "SigmoidBackwardBackward0"
        case .tanhGradient: "TanhBackwardBackward0"
        case .reluGradient: "ThresholdBackwardBackward0"
        case .square: "PowBackward0"
        case .log1p: "Log1PBackward0"
        default: rawValue.prefix(1).uppercased() + rawValue.dropFirst() + "Backward0"
        }
    }
}

extension PointwiseFunction {
    var gradientReads: GradientReads {
        switch self {
        case .exp, .sqrt, .rsqrt, .reciprocal, .tanh, .sigmoid, .relu, .expm1, .tan: .outputs(0)
        case .abs, .log, .log1p, .sin, .cos, .erf, .square: .inputs(0)
        case .mul, .div, .maximum, .minimum, .sigmoidGradient, .tanhGradient, .atan2, .remainder: .inputs(0, 1)
        case .reluGradient, .select: .inputs(0)
        case .pow: GradientReads(inputs: [0, 1], outputs: [0])
        default: .nothing
        }
    }

    /// The gradients before they are summed to the inputs' shapes.
    fileprivate func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        func when(_ index: Int, _ value: @autoclosure () -> Tensor) -> Tensor? { context.needs(index) ? value() : nil }
        switch self {
        case .copy: return [dy]
        case .cast: return [dy.cast(to: context.inputSpec(0).dtype)]
        case .neg: return [-dy]
        case .abs: return [dy * context.input(0).sign()]
        case .exp: return [dy * context.output()]
        case .log: return [dy / context.input(0)]
        case .log1p: return [dy / (context.input(0) + 1)]
        case .expm1: return [dy * (context.output() + 1)]
        case .sqrt: return [dy / (context.output() * 2)]
        case .rsqrt:
            let y = context.output()
            return [dy * y * y * y * -0.5]
        case .reciprocal: return [-dy * context.output().square()]
        case .sin: return [dy * context.input(0).cos()]
        case .cos: return [-dy * context.input(0).sin()]
        case .tan: return [dy * (context.output().square() + 1)]
        case .tanh: return [.record(Pointwise(.tanhGradient), context.output(), dy)]
        case .sigmoid: return [.record(Pointwise(.sigmoidGradient), context.output(), dy)]
        case .relu: return [.record(Pointwise(.reluGradient), context.output(), dy)]
        // 2/√π · exp(−x²)
        case .erf: return [dy * (-context.input(0).square()).exp() * 1.1283791670955126]
        case .square: return [dy * context.input(0) * 2]
        case .floor, .ceil, .round, .trunc, .sign: return [.zeros(dy.shape, dtype: dy.dtype)]
        case .add: return [when(0, dy), when(1, dy)]
        case .sub: return [when(0, dy), when(1, -dy)]
        case .mul: return [when(0, dy * context.input(1)), when(1, dy * context.input(0))]
        case .div:
            let b = context.input(1)
            return [when(0, dy / b), when(1, -dy * context.input(0) / (b * b))]
        case .pow: return powGradient(context, dy)
        case .maximum, .minimum:
            // Equal elements share the gradient in halves, as in PyTorch.
            let (a, b) = (context.input(0), context.input(1))
            let tie = (a .== b).cast(to: dy.dtype) * 0.5
            let (first, second) = self == .maximum ? (a .> b, a .< b) : (a .< b, a .> b)
            return [
                when(0, dy * (first.cast(to: dy.dtype) + tie)), when(1, dy * (second.cast(to: dy.dtype) + tie)),
            ]
        case .atan2:
            let (y, x) = (context.input(0), context.input(1))
            let scale = dy / (x * x + y * y)
            return [when(0, scale * x), when(1, -scale * y)]
        case .remainder:
            return [when(0, dy), when(1, -dy * (context.input(0) / context.input(1)).floor())]
        case .select:
            let condition = context.input(0)
            let zero = Tensor.zeros([], dtype: dy.dtype)
            return [
                nil, when(1, .record(Pointwise(.select), condition, dy, zero)),
                when(2, .record(Pointwise(.select), condition, zero, dy)),
            ]
        case .sigmoidGradient:
            // z = g · y · (1 − y)
            let (y, g) = (context.input(0), context.input(1))
            return [when(0, dy * g * (1 - y * 2)), when(1, .record(Pointwise(.sigmoidGradient), y, dy))]
        case .tanhGradient:
            let (y, g) = (context.input(0), context.input(1))
            return [when(0, dy * g * y * -2), when(1, .record(Pointwise(.tanhGradient), y, dy))]
        case .reluGradient:
            let y = context.input(0)
            return [when(0, .zeros(y.shape, dtype: dy.dtype)), when(1, .record(Pointwise(.reluGradient), y, dy))]
        case .eq, .ne, .lt, .le, .gt, .ge, .logicalAnd, .logicalOr, .logicalNot, .isNaN:
            return [Tensor?](repeating: nil, count: arity)
        }
    }

    /// d(aᵇ)/da = b · aᵇ⁻¹ (0 where b is 0), d(aᵇ)/db = aᵇ · log a (0 where a is 0 and b ≥ 0).
    private func powGradient(_ context: GradientContext, _ dy: Tensor) -> [Tensor?] {
        let (a, b) = (context.input(0), context.input(1))
        let zero = Tensor.zeros([], dtype: dy.dtype)
        var gradients: [Tensor?] = [nil, nil]
        if context.needs(0) {
            gradients[0] = .record(Pointwise(.select), b .== 0, zero, dy * b * a.pow(b - 1))
        }
        if context.needs(1) {
            let isFlat = (a .== 0).logicalAnd(b .>= 0)
            gradients[1] = .record(Pointwise(.select), isFlat, zero, dy * context.output() * a.log())
        }
        return gradients
    }
}
