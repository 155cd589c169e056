import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The elementwise functions on real numbers, in double precision.
///
/// Rounding the result to `Float` is exact for + − · / √ of `Float` operands (double has more than twice the digits)
/// and within half a unit in the last place, up to rare double rounding, for all others.
enum RealFunctions {
    /// Applies a function of one input to `count` numbers; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) -> Bool {
        func map(_ body: (Double) -> Double) { for index in 0..<count { y[index] = body(a[index]) } }
        switch function {
        case .copy, .cast: y.update(from: a, count: count)
        case .neg: map { -$0 }
        case .abs: map { $0.magnitude }
        case .exp: map { exp($0) }
        case .log: map { log($0) }
        case .log1p: map { log1p($0) }
        case .expm1: map { expm1($0) }
        case .sqrt: map { $0.squareRoot() }
        case .rsqrt: map { 1 / $0.squareRoot() }
        case .reciprocal: map { 1 / $0 }
        case .sin: map { sin($0) }
        case .cos: map { cos($0) }
        case .tan: map { tan($0) }
        case .tanh: map { tanh($0) }
        case .sigmoid: map { 1 / (1 + exp(-$0)) }
        // NaN stays, as in PyTorch.
        case .relu: map { $0 < 0 ? 0 : $0 }
        case .erf: map { erf($0) }
        case .floor: map { $0.rounded(.down) }
        case .ceil: map { $0.rounded(.up) }
        case .round: map { $0.rounded(.toNearestOrEven) }
        case .trunc: map { $0.rounded(.towardZero) }
        // 0 for NaN, as in PyTorch.
        case .sign: map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
        case .square: map { $0 * $0 }
        case .exp2: map { exp2($0) }
        case .log2: map { log2($0) }
        case .log10: map { log10($0) }
        case .sinh: map { sinh($0) }
        case .cosh: map { cosh($0) }
        case .asin: map { asin($0) }
        case .acos: map { acos($0) }
        case .atan: map { atan($0) }
        case .asinh: map { asinh($0) }
        case .acosh: map { acosh($0) }
        case .atanh: map { atanh($0) }
        case .erfc: map { erfc($0) }
        default:
            guard let activation = ActivationFunctions.unary(function) else { return false }
            map(activation)
        }
        return true
    }

    /// Applies a function of two inputs; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) -> Bool {
        func map(_ body: (Double, Double) -> Double) {
            for index in 0..<count { y[index] = body(a[index], b[index]) }
        }
        switch function {
        case .add: map { $0 + $1 }
        case .sub: map { $0 - $1 }
        case .mul: map { $0 * $1 }
        case .div: map { $0 / $1 }
        case .pow: map { pow($0, $1) }
        // NaN on either side wins.
        case .maximum: map { $0 > $1 || $0.isNaN ? $0 : $1 }
        case .minimum: map { $0 < $1 || $0.isNaN ? $0 : $1 }
        case .atan2: map { atan2($0, $1) }
        case .remainder: map { remainder($0, $1) }
        case .sigmoidGradient: map { y, dy in dy * y * (1 - y) }
        case .tanhGradient: map { y, dy in dy * (1 - y * y) }
        case .reluGradient: map { y, dy in y > 0 ? dy : 0 }
        case .huber:
            map { x, bound in x.magnitude <= bound ? 0.5 * x * x : bound * (x.magnitude - 0.5 * bound) }
        case .hardsigmoidGradient: map { x, dy in x > -3 && x < 3 ? dy / 6 : 0 }
        case .hardswishGradient: map { x, dy in x <= -3 ? 0 : x < 3 ? dy * ((x + 1.5) / 3) : dy }
        case .fmod: map { fmod($0, $1) }
        case .floorDivide: map { floorDivide($0, $1) }
        case .hypot: map { hypot($0, $1) }
        case .leakyRelu: map { x, slope in x > 0 ? x : x * slope }
        case .hardshrink: map { x, bound in x >= -bound && x <= bound ? 0 : x }
        // NaN stays, as in PyTorch.
        case .softshrink: map { x, bound in x > bound ? x - bound : x < -bound ? x + bound : x.isNaN ? x : 0 }
        default: return false
        }
        return true
    }

    /// Applies a function of three inputs; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        _ c: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) -> Bool {
        func map(_ body: (Double, Double, Double) -> Double) {
            for index in 0..<count { y[index] = body(a[index], b[index], c[index]) }
        }
        switch function {
        case .threshold: map { x, bound, value in x <= bound ? value : x }
        case .thresholdGradient: map { x, bound, dy in x <= bound ? 0 : dy }
        case .shrinkGradient: map { x, bound, dy in x >= -bound && x <= bound ? 0 : dy }
        case .leakyReluGradient: map { x, slope, dy in x > 0 ? dy : dy * slope }
        case .clamp:
            // NaN on either side wins.
            map { x, low, high in
                let raised = x > low || x.isNaN ? x : low
                return raised < high || raised.isNaN ? raised : high
            }
        case .hardtanh: map { x, low, high in x < low ? low : x > high ? high : x }
        case .elu: map { x, alpha, scale in x <= 0 ? alpha * expm1(x * scale) : x }
        case .eluDerivative: map { x, alpha, scale in x <= 0 ? alpha * scale * exp(x * scale) : 1 }
        case .softplus:
            map { x, beta, bound in
                x * beta > bound ? x : -ActivationFunctions.logSigmoid(-x * beta) / beta
            }
        default: return false
        }
        return true
    }

    /// Applies a function whose result is a truth value; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        truth y: UnsafeMutablePointer<Int64>, _ count: Int
    ) -> Bool {
        func map(_ body: (Double, Double) -> Bool) {
            for index in 0..<count { y[index] = body(a[index], b[index]) ? 1 : 0 }
        }
        switch function {
        case .eq: map { $0 == $1 }
        case .ne: map { $0 != $1 }
        case .lt: map { $0 < $1 }
        case .le: map { $0 <= $1 }
        case .gt: map { $0 > $1 }
        case .ge: map { $0 >= $1 }
        case .logicalAnd: map { $0 != 0 && $1 != 0 }
        case .logicalOr: map { $0 != 0 || $1 != 0 }
        case .logicalNot: map { a, _ in a == 0 }
        case .isNaN: map { a, _ in a.isNaN }
        default: return false
        }
        return true
    }

    /// Applies a function of three inputs whose result is a truth value; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        _ c: UnsafePointer<Double>, truth y: UnsafeMutablePointer<Int64>, _ count: Int
    ) -> Bool {
        switch function {
        case .isBeyond: for index in 0..<count { y[index] = a[index] <= b[index] || a[index] >= c[index] ? 1 : 0 }
        case .isWithin: for index in 0..<count { y[index] = a[index] >= b[index] && a[index] <= c[index] ? 1 : 0 }
        default: return false
        }
        return true
    }

    /// ⌊a / b⌋, the integer nearest to the quotient of a without its remainder, as in Python and PyTorch.
    private static func floorDivide(_ a: Double, _ b: Double) -> Double {
        guard b != 0 else { return a / b }
        let rest = fmod(a, b)
        var quotient = (a - rest) / b
        if rest != 0, (rest < 0) != (b < 0) { quotient -= 1 }
        if quotient == 0 { return a / b < 0 || (a / b).sign == .minus ? -0.0 : 0 }
        let whole = quotient.rounded(.down)
        return quotient - whole > 0.5 ? whole + 1 : whole
    }

    /// a − b · ⌊a / b⌋ with the sign of the divisor, from the exact remainder of the quotient toward zero.
    private static func remainder(_ a: Double, _ b: Double) -> Double {
        let rest = fmod(a, b)
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }
}
