import ApusGraph

/// The elementwise functions in CUDA C++, and which of them are not defined for integers.
///
/// `real_f` computes a function of `float` or `double`, `integer_f` one of `int64`; f is the function's name. Smaller
/// integers and truth values are computed as `int64` and keep what their type can hold.
enum PointwiseFunctions {
    static let code = conversions + realFunctions + activations + integerFunctions

    /// `Convert<T>::of(x)`: a number as another type; rounded to the nearest `float`, toward zero for integers, which
    /// keep their low bits, and −2⁶³ where `int64` does not hold it.
    private static let conversions = """
        template <typename To> struct Convert {
            template <typename From> static __device__ To of(From x) { return (To)x; }
        };
        template <> struct Convert<int64> {
            static __device__ int64 of(int64 x) { return x; }
            static __device__ int64 of(float x) {
                return x >= -9223372036854775808.0f && x < 9223372036854775808.0f ? (int64)x : (int64)(1ull << 63);
            }
            static __device__ int64 of(double x) {
                return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64)x : (int64)(1ull << 63);
            }
        };
        template <> struct Convert<uint8> {
            template <typename From> static __device__ uint8 of(From x) { return (uint8)Convert<int64>::of(x); }
        };
        template <> struct Convert<bool> {
            template <typename From> static __device__ bool of(From x) { return x != From(0); }
        };

        """

    /// Functions of real numbers with the comparisons' results for NaN as PyTorch has them.
    private static let realFunctions = """
        #define APUS_UNARY(name)                                                            \\
            __device__ inline float math_##name(float x) { return name##f(x); }             \\
            __device__ inline double math_##name(double x) { return name(x); }
        #define APUS_BINARY(name)                                                           \\
            __device__ inline float math_##name(float x, float y) { return name##f(x, y); } \\
            __device__ inline double math_##name(double x, double y) { return name(x, y); }

        APUS_UNARY(exp) APUS_UNARY(log) APUS_UNARY(log1p) APUS_UNARY(expm1) APUS_UNARY(sqrt) APUS_UNARY(fabs)
        APUS_UNARY(sin) APUS_UNARY(cos) APUS_UNARY(tan) APUS_UNARY(tanh) APUS_UNARY(erf) APUS_UNARY(erfc)
        APUS_UNARY(floor) APUS_UNARY(ceil) APUS_UNARY(rint) APUS_UNARY(trunc) APUS_UNARY(exp2) APUS_UNARY(log2)
        APUS_UNARY(log10) APUS_UNARY(sinh) APUS_UNARY(cosh) APUS_UNARY(asin) APUS_UNARY(acos) APUS_UNARY(atan)
        APUS_UNARY(asinh) APUS_UNARY(acosh) APUS_UNARY(atanh)
        APUS_BINARY(pow) APUS_BINARY(atan2) APUS_BINARY(fmod) APUS_BINARY(hypot) APUS_BINARY(copysign)

        // Each takes real numbers of one type, under the names x, y and z.
        #define APUS_REAL1(name) template <typename T> __device__ inline T real_##name(T x)
        #define APUS_REAL2(name) template <typename T> __device__ inline T real_##name(T x, T y)
        #define APUS_REAL3(name) template <typename T> __device__ inline T real_##name(T x, T y, T z)
        #define APUS_TRUTH1(name) template <typename T> __device__ inline bool real_##name(T x)
        #define APUS_TRUTH2(name) template <typename T> __device__ inline bool real_##name(T x, T y)
        #define APUS_TRUTH3(name) template <typename T> __device__ inline bool real_##name(T x, T y, T z)

        APUS_REAL1(copy) { return x; }
        APUS_REAL1(cast) { return x; }
        APUS_REAL1(neg) { return -x; }
        APUS_REAL1(abs) { return math_fabs(x); }
        APUS_REAL1(exp) { return math_exp(x); }
        APUS_REAL1(log) { return math_log(x); }
        APUS_REAL1(log1p) { return math_log1p(x); }
        APUS_REAL1(expm1) { return math_expm1(x); }
        APUS_REAL1(sqrt) { return math_sqrt(x); }
        APUS_REAL1(rsqrt) { return T(1) / math_sqrt(x); }
        APUS_REAL1(reciprocal) { return T(1) / x; }
        APUS_REAL1(sin) { return math_sin(x); }
        APUS_REAL1(cos) { return math_cos(x); }
        APUS_REAL1(tan) { return math_tan(x); }
        APUS_REAL1(tanh) { return math_tanh(x); }
        APUS_REAL1(sigmoid) { return T(1) / (T(1) + math_exp(-x)); }
        APUS_REAL1(relu) { return x < T(0) ? T(0) : x; }
        APUS_REAL1(erf) { return math_erf(x); }
        APUS_REAL1(erfc) { return math_erfc(x); }
        APUS_REAL1(floor) { return math_floor(x); }
        APUS_REAL1(ceil) { return math_ceil(x); }
        APUS_REAL1(round) { return math_rint(x); }
        APUS_REAL1(trunc) { return math_trunc(x); }
        APUS_REAL1(sign) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0); }
        APUS_REAL1(square) { return x * x; }
        APUS_REAL1(exp2) { return math_exp2(x); }
        APUS_REAL1(log2) { return math_log2(x); }
        APUS_REAL1(log10) { return math_log10(x); }
        APUS_REAL1(sinh) { return math_sinh(x); }
        APUS_REAL1(cosh) { return math_cosh(x); }
        APUS_REAL1(asin) { return math_asin(x); }
        APUS_REAL1(acos) { return math_acos(x); }
        APUS_REAL1(atan) { return math_atan(x); }
        APUS_REAL1(asinh) { return math_asinh(x); }
        APUS_REAL1(acosh) { return math_acosh(x); }
        APUS_REAL1(atanh) { return math_atanh(x); }

        APUS_REAL2(add) { return x + y; }
        APUS_REAL2(sub) { return x - y; }
        APUS_REAL2(mul) { return x * y; }
        APUS_REAL2(div) { return x / y; }
        APUS_REAL2(pow) { return math_pow(x, y); }
        APUS_REAL2(maximum) { return x > y || isnan(x) ? x : y; }
        APUS_REAL2(minimum) { return x < y || isnan(x) ? x : y; }
        APUS_REAL2(atan2) { return math_atan2(x, y); }
        APUS_REAL2(fmod) { return math_fmod(x, y); }
        APUS_REAL2(hypot) { return math_hypot(x, y); }
        APUS_REAL2(remainder) {
            const T rest = math_fmod(x, y);
            return rest != T(0) && (rest < T(0)) != (y < T(0)) ? rest + y : rest;
        }
        APUS_REAL2(floorDivide) {
            if (y == T(0)) return x / y;
            const T rest = math_fmod(x, y);
            T quotient = (x - rest) / y;
            if (rest != T(0) && (rest < T(0)) != (y < T(0))) quotient -= T(1);
            if (quotient == T(0)) return math_copysign(T(0), x / y);
            const T whole = math_floor(quotient);
            return quotient - whole > T(0.5) ? whole + T(1) : whole;
        }

        APUS_REAL3(clamp) {
            const T raised = x > y || isnan(x) ? x : y;
            return raised < z || isnan(raised) ? raised : z;
        }

        APUS_TRUTH1(logicalNot) { return x == T(0); }
        APUS_TRUTH1(isNaN) { return isnan(x); }
        APUS_TRUTH2(eq) { return x == y; }
        APUS_TRUTH2(ne) { return x != y; }
        APUS_TRUTH2(lt) { return x < y; }
        APUS_TRUTH2(le) { return x <= y; }
        APUS_TRUTH2(gt) { return x > y; }
        APUS_TRUTH2(ge) { return x >= y; }
        APUS_TRUTH2(logicalAnd) { return x != T(0) && y != T(0); }
        APUS_TRUTH2(logicalOr) { return x != T(0) || y != T(0); }
        APUS_TRUTH3(isBeyond) { return x <= y || x >= z; }
        APUS_TRUTH3(isWithin) { return x >= y && x <= z; }

        """

    /// Functions of integers; what does not fit `int64` wraps. `zero` is called for a division by 0.
    private static let integerFunctions = """
        #define APUS_INTEGER1(name) __device__ inline int64 integer_##name(int64 x)
        #define APUS_INTEGER2(name) __device__ inline int64 integer_##name(int64 x, int64 y)
        // Without a sign, so that it is defined what does not fit.
        typedef unsigned long long Bits;

        APUS_INTEGER1(copy) { return x; }
        APUS_INTEGER1(cast) { return x; }
        APUS_INTEGER1(floor) { return x; }
        APUS_INTEGER1(ceil) { return x; }
        APUS_INTEGER1(round) { return x; }
        APUS_INTEGER1(trunc) { return x; }
        APUS_INTEGER1(neg) { return (int64)(0 - (Bits)x); }
        APUS_INTEGER1(abs) { return x < 0 ? (int64)(0 - (Bits)x) : x; }
        APUS_INTEGER1(relu) { return x < 0 ? 0 : x; }
        APUS_INTEGER1(sign) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
        APUS_INTEGER1(square) { return (int64)((Bits)x * (Bits)x); }
        APUS_INTEGER1(logicalNot) { return x == 0; }
        APUS_INTEGER1(isNaN) { return 0; }

        APUS_INTEGER2(add) { return (int64)((Bits)x + (Bits)y); }
        APUS_INTEGER2(sub) { return (int64)((Bits)x - (Bits)y); }
        APUS_INTEGER2(mul) { return (int64)((Bits)x * (Bits)y); }
        APUS_INTEGER2(maximum) { return x > y ? x : y; }
        APUS_INTEGER2(minimum) { return x < y ? x : y; }
        APUS_INTEGER2(reluGradient) { return x > 0 ? y : 0; }
        APUS_INTEGER2(eq) { return x == y; }
        APUS_INTEGER2(ne) { return x != y; }
        APUS_INTEGER2(lt) { return x < y; }
        APUS_INTEGER2(le) { return x <= y; }
        APUS_INTEGER2(gt) { return x > y; }
        APUS_INTEGER2(ge) { return x >= y; }
        APUS_INTEGER2(logicalAnd) { return x != 0 && y != 0; }
        APUS_INTEGER2(logicalOr) { return x != 0 || y != 0; }

        // By repeated squaring; a negative power is 1, -1 or, for other bases, 0.
        APUS_INTEGER2(pow) {
            if (y < 0) return x == 1 ? 1 : x == -1 ? ((y & 1) == 0 ? 1 : -1) : 0;
            Bits result = 1, square = (Bits)x;
            for (; y > 0; y >>= 1) {
                if (y & 1) result *= square;
                square *= square;
            }
            return (int64)result;
        }

        // The sign of the divisor. The quotient by -1 may not fit.
        APUS_INTEGER2(floorRest) {
            if (y == -1) return 0;
            const int64 rest = x % y;
            return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
        }

        // Which operation divided by 0, for the message.
        enum Division { APUS_REMAINDER, APUS_FMOD, APUS_FLOOR_DIVIDE };
        struct FaultPlace {
            Fault* fault;
            int64 code;
            __device__ bool isZero(int64 divisor, Division division) const {
                if (divisor == 0) apus_fault(fault, code, division, 0, 0);
                return divisor == 0;
            }
        };

        __device__ inline int64 integer_remainder(int64 x, int64 y, FaultPlace place) {
            return place.isZero(y, APUS_REMAINDER) ? 0 : integer_floorRest(x, y);
        }
        __device__ inline int64 integer_fmod(int64 x, int64 y, FaultPlace place) {
            return place.isZero(y, APUS_FMOD) || y == -1 ? 0 : x % y;
        }
        __device__ inline int64 integer_floorDivide(int64 x, int64 y, FaultPlace place) {
            if (place.isZero(y, APUS_FLOOR_DIVIDE)) return 0;
            return y == -1 ? (int64)(0 - (Bits)x) : (x - integer_floorRest(x, y)) / y;
        }

        """

    /// The error of a division by 0, by the number that the kernels give.
    static func divisionByZero(_ division: Int) -> TensorError {
        switch division {
        case 0:
            TensorError("remainder", "an integer is divided by 0. Cast to .float32, where the result is NaN.")
        case 1: TensorError("fmod", "an integer is divided by 0. Cast to .float32 first.")
        default: TensorError("floor_divide", "an integer is divided by 0. Cast to .float32 first.")
        }
    }

    /// Whether the integer function may meet a division by 0, which it reports.
    static func mayFail(_ function: PointwiseFunction) -> Bool {
        function == .remainder || function == .fmod || function == .floorDivide
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
}
