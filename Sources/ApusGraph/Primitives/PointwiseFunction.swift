/// The elementwise functions, by the names of PyTorch's operators.
///
/// Activations have functions of their own where a chain of simpler ones would be less accurate (in the tails, near 0),
/// or would keep more for the way back. What they take beside x (slopes, bounds) are further inputs.
public enum PointwiseFunction: String, Sendable, Hashable, CaseIterable {
    // One input.
    case copy, neg, abs, exp, log, log1p, expm1, sqrt, rsqrt, reciprocal, sin, cos, tan, tanh, sigmoid, relu, erf
    case floor, ceil, round, trunc, sign, square, logicalNot, isNaN
    case exp2, log2, log10, sinh, cosh, asin, acos, atan, asinh, acosh, atanh
    /// 1 − erf x, accurate where erf x is almost 1.
    case erfc
    /// To another type: toward zero from real to integer; nonzero to `bool` is true.
    case cast

    // Activations of one input.
    /// x · σ(x)
    case silu
    /// x · tanh(log(1 + eˣ))
    case mish
    /// x · Φ(x), Φ the distribution function of the standard normal distribution.
    case gelu
    /// x · σ(2u) with u = √(2/π) · (x + 0.044715 x³)
    case geluTanh
    /// min(max(x + 3, 0), 6) / 6
    case hardsigmoid
    /// x · min(max(x + 3, 0), 6) / 6
    case hardswish
    /// x / (1 + |x|)
    case softsign
    /// x − tanh x, accurate near 0.
    case tanhshrink
    /// log σ(x) = min(x, 0) − log(1 + e^−|x|)
    case logSigmoid
    // Their derivatives, where these are no short chain of other functions.
    case siluDerivative, mishDerivative, geluDerivative, geluTanhDerivative

    // Two inputs.
    case add, sub, mul, div, pow, maximum, minimum, atan2, remainder
    /// a − b · trunc(a / b): the sign of the dividend.
    case fmod
    /// ⌊a / b⌋, from the exact remainder.
    case floorDivide
    /// √(a² + b²)
    case hypot
    case eq, ne, lt, le, gt, ge, logicalAnd, logicalOr
    /// y, dy ↦ dy · y · (1 − y)
    case sigmoidGradient
    /// y, dy ↦ dy · (1 − y²)
    case tanhGradient
    /// y, dy ↦ dy where y > 0, else 0
    case reluGradient
    /// x, δ ↦ ½ x² where |x| ≤ δ, else δ · (|x| − ½ δ)
    case huber
    /// x, dy ↦ dy / 6 where −3 < x < 3, else 0
    case hardsigmoidGradient
    /// x, dy ↦ 0 where x ≤ −3, dy · (x / 3 + ½) where x < 3, else dy
    case hardswishGradient
    /// x, slope ↦ x where x > 0, else slope · x
    case leakyRelu
    /// x, λ ↦ 0 where −λ ≤ x ≤ λ, else x
    case hardshrink
    /// x, λ ↦ x − λ where x > λ, x + λ where x < −λ, else 0
    case softshrink

    // Three inputs.
    /// Condition, a, b ↦ a where the condition is not 0, else b.
    case select
    /// x, bound, value ↦ value where x ≤ bound, else x
    case threshold
    /// x, bound, dy ↦ 0 where x ≤ bound, else dy
    case thresholdGradient
    /// x, λ, dy ↦ 0 where −λ ≤ x ≤ λ, else dy
    case shrinkGradient
    /// x, slope, dy ↦ dy where x > 0, else slope · dy
    case leakyReluGradient
    /// x, low, high ↦ x cut to low … high; the bounds take no part in comparisons with NaN
    case hardtanh
    /// x, low, high ↦ min(max(x, low), high), NaN where any of them is
    case clamp
    /// x, low, high ↦ whether x ≤ low or x ≥ high
    case isBeyond
    /// x, low, high ↦ whether low ≤ x ≤ high
    case isWithin
    /// x, α, k ↦ α · (e^kx − 1) where x ≤ 0, else x
    case elu
    /// x, α, k ↦ α · k · e^kx where x ≤ 0, else 1
    case eluDerivative
    /// x, β, bound ↦ log(1 + e^βx) / β, or x where βx > bound
    case softplus

    /// By the case alone: what Swift makes for an enumeration with raw values would compare and hash their texts.
    public static func == (left: PointwiseFunction, right: PointwiseFunction) -> Bool { left.byte == right.byte }

    /// Like the equality.
    public func hash(into hasher: inout Hasher) { hasher.combine(byte) }

    private var byte: UInt8 { withUnsafeBytes(of: self) { $0[0] } }

    /// The number of inputs.
    public var arity: Int {
        switch self {
        case .select, .threshold, .thresholdGradient, .shrinkGradient, .leakyReluGradient, .hardtanh, .clamp,
            .isBeyond, .isWithin, .elu, .eluDerivative, .softplus:
            3
        case .add, .sub, .mul, .div, .pow, .maximum, .minimum, .atan2, .remainder, .fmod, .floorDivide, .hypot, .eq,
            .ne, .lt, .le,
            .gt, .ge, .logicalAnd, .logicalOr, .sigmoidGradient, .tanhGradient, .reluGradient,
            .huber, .hardsigmoidGradient, .hardswishGradient, .leakyRelu, .hardshrink, .softshrink:
            2
        default: 1
        }
    }

    /// Whether the result is a truth value.
    public var isPredicate: Bool {
        switch self {
        case .eq, .ne, .lt, .le, .gt, .ge, .logicalAnd, .logicalOr, .logicalNot, .isNaN, .isBeyond, .isWithin: true
        default: false
        }
    }

    /// Whether the function is defined for `bool`, as in PyTorch.
    var takesTruthValues: Bool {
        switch self {
        case .neg, .abs, .relu, .sub, .pow, .remainder, .fmod, .floorDivide, .sign, .floor, .ceil, .round, .trunc,
            .square:
            false
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
        case .reluGradient, .thresholdGradient: "ThresholdBackwardBackward0"
        case .hardsigmoidGradient: "HardsigmoidBackwardBackward0"
        case .hardswishGradient: "HardswishBackwardBackward0"
        case .shrinkGradient: "HardshrinkBackwardBackward0"
        case .leakyReluGradient: "LeakyReluBackwardBackward0"
        case .clamp: "ClampBackward1"
        case .siluDerivative: "SiluBackwardBackward0"
        case .mishDerivative: "MishBackwardBackward0"
        case .geluDerivative, .geluTanhDerivative: "GeluBackwardBackward0"
        case .eluDerivative: "EluBackwardBackward0"
        case .geluTanh: "GeluBackward0"
        case .softsign: "DivBackward0"
        case .tanhshrink: "SubBackward0"
        case .square: "PowBackward0"
        case .log1p: "Log1PBackward0"
        default: rawValue.prefix(1).uppercased() + rawValue.dropFirst() + "Backward0"
        }
    }
}
