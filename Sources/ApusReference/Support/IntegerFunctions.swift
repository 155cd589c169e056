import ApusGraph

/// The elementwise functions on integers and truth values, exact; what does not fit `Int64` wraps.
///
/// `uint8` is computed in `Int64` and keeps its low bits when it is stored; a truth value is whether the result is not
/// 0, so that + is "or" and · is "and". What is not defined is refused by ``refusal(_:_:)`` beforehand.
enum IntegerFunctions {
    /// Applies a function of one input; false where the function is not of that kind.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Int64>, _ y: UnsafeMutablePointer<Int64>, _ count: Int
    ) -> Bool {
        func map(_ body: (Int64) -> Int64) { for index in 0..<count { y[index] = body(a[index]) } }
        switch function {
        case .copy, .cast, .floor, .ceil, .round, .trunc: y.update(from: a, count: count)
        case .neg: map { 0 &- $0 }
        case .abs: map { $0 < 0 ? 0 &- $0 : $0 }
        case .relu: map { $0 < 0 ? 0 : $0 }
        case .sign: map { $0.signum() }
        case .square: map { $0 &* $0 }
        default: return false
        }
        return true
    }

    /// Applies a function of two inputs; false where the function is not of that kind. Throws on a division by zero.
    static func apply(
        _ function: PointwiseFunction, _ a: UnsafePointer<Int64>, _ b: UnsafePointer<Int64>,
        _ y: UnsafeMutablePointer<Int64>, _ count: Int
    ) throws(TensorError) -> Bool {
        func map(_ body: (Int64, Int64) -> Int64) {
            for index in 0..<count { y[index] = body(a[index], b[index]) }
        }
        switch function {
        case .add: map { $0 &+ $1 }
        case .sub: map { $0 &- $1 }
        case .mul: map { $0 &* $1 }
        case .pow: map { power($0, $1) }
        case .maximum: map { max($0, $1) }
        case .minimum: map { min($0, $1) }
        case .remainder:
            for index in 0..<count where b[index] == 0 {
                throw TensorError("remainder", "an integer is divided by 0. Cast to .float32, where the result is NaN.")
            }
            map { remainder($0, $1) }
        case .fmod, .floorDivide:
            for index in 0..<count where b[index] == 0 {
                throw TensorError(
                    function == .fmod ? "fmod" : "floor_divide", "an integer is divided by 0. Cast to .float32 first.")
            }
            // The quotient by −1 may not fit.
            if function == .fmod {
                map { $1 == -1 ? 0 : $0 % $1 }
            } else {
                map { $1 == -1 ? 0 &- $0 : ($0 - remainder($0, $1)) / $1 }
            }
        case .reluGradient: map { y, dy in y > 0 ? dy : 0 }
        case .eq: map { $0 == $1 ? 1 : 0 }
        case .ne: map { $0 != $1 ? 1 : 0 }
        case .lt: map { $0 < $1 ? 1 : 0 }
        case .le: map { $0 <= $1 ? 1 : 0 }
        case .gt: map { $0 > $1 ? 1 : 0 }
        case .ge: map { $0 >= $1 ? 1 : 0 }
        case .logicalAnd: map { $0 != 0 && $1 != 0 ? 1 : 0 }
        case .logicalOr: map { $0 != 0 || $1 != 0 ? 1 : 0 }
        case .logicalNot: map { a, _ in a == 0 ? 1 : 0 }
        case .isNaN: map { _, _ in 0 }
        default: return false
        }
        return true
    }

    /// Why a function is not defined for truth values or integers, if it is not; PyTorch refuses the same ones.
    static func refusal(_ function: PointwiseFunction, _ dtype: DType) -> TensorError? {
        switch function {
        case .sub, .neg:
            guard dtype == .bool else { return nil }
            return TensorError(
                function.rawValue, "the operation is not defined for bool. Use logicalNot, or cast to .int64 first.")
        case .abs, .relu, .floor, .ceil, .round, .trunc, .remainder, .fmod, .floorDivide, .pow:
            guard dtype == .bool else { return nil }
            return TensorError(function.rawValue, "the operation is not defined for bool. Cast to .int64 first.")
        case .copy, .cast, .sign, .square, .add, .mul, .maximum, .minimum, .eq, .ne, .lt, .le, .gt, .ge, .logicalAnd,
            .logicalOr, .logicalNot, .isNaN, .select, .reluGradient:
            return nil
        default:
            guard !dtype.isFloatingPoint else { return nil }
            return TensorError(
                function.rawValue, "the operation is not defined for \(dtype). Cast to .float32 first.")
        }
    }

    /// a to the power of b by repeated squaring; a negative power is 1, −1 or, for other bases, 0, as in PyTorch.
    private static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
        if exponent < 0 {
            return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0
        }
        var (result, square, rest) = (Int64(1), base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }

    /// a − b · ⌊a / b⌋: the sign of the divisor.
    private static func remainder(_ a: Int64, _ b: Int64) -> Int64 {
        // The quotient by −1 may not fit.
        if b == -1 { return 0 }
        let rest = a % b
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }
}
