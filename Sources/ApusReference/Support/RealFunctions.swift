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
        default: return false
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

    /// a − b · ⌊a / b⌋ with the sign of the divisor, from the exact remainder of the quotient toward zero.
    private static func remainder(_ a: Double, _ b: Double) -> Double {
        let rest = fmod(a, b)
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }
}
