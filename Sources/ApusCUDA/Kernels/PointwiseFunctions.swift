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

    /// Activations and gradients, written so that they keep their digits where they are small.
    private static let activations = """
        APUS_REAL1(softsign) { return x / (T(1) + math_fabs(x)); }
        APUS_REAL1(logSigmoid) {
            // Behind a comparison, NaN would vanish.
            const T bounded = x > T(0) ? T(0) : x;
            return bounded - math_log1p(math_exp(-math_fabs(x)));
        }
        APUS_REAL1(silu) { return x * real_sigmoid(x); }
        APUS_REAL1(siluDerivative) { return real_sigmoid(x) * (T(1) + x * real_sigmoid(-x)); }

        // Beyond 20, where e * (e + 2) would overflow, all that is made of it is 1 to the last digit.
        APUS_REAL1(mish) {
            const T e = math_exp(x > T(20) ? T(20) : x);
            const T product = e * (e + T(2));
            return x * (product / (product + T(2)));
        }
        APUS_REAL1(mishDerivative) {
            if (x > T(20)) return T(1);
            const T e = math_exp(x);
            const T product = e * (e + T(2));
            const T scale = T(1) / (product + T(2));
            return scale * (product + T(4) * x * e * (T(1) + e) * scale);
        }

        APUS_REAL1(normal) { return T(0.5) * math_erfc(-x * T(0.70710678118654752440)); }
        APUS_REAL1(gelu) { return x * real_normal(x); }
        APUS_REAL1(geluDerivative) {
            // The density is 0 long before 40, also times an infinite x.
            const T near = x > T(40) ? T(40) : x < T(-40) ? T(-40) : x;
            return real_normal(x) + near * math_exp(T(-0.5) * near * near) * T(0.3989422804014327);
        }
        // Up to where the sigmoid of the exponent is 0 or 1.
        APUS_REAL1(geluRange) { return x > T(30) ? T(30) : x < T(-30) ? T(-30) : x; }
        APUS_REAL1(geluExponent) {
            const T near = real_geluRange(x);
            return T(1.5957691216057308) * near * (T(1) + T(0.044715) * near * near);
        }
        APUS_REAL1(geluTanh) { return x * real_sigmoid(real_geluExponent(x)); }
        APUS_REAL1(geluTanhDerivative) {
            const T near = real_geluRange(x), exponent = real_geluExponent(x);
            const T slope = T(1.5957691216057308) * (T(1) + T(3 * 0.044715) * near * near);
            return real_sigmoid(exponent) * (T(1) + near * slope * real_sigmoid(-exponent));
        }

        APUS_REAL1(hardsigmoid) {
            const T shifted = x + T(3);
            return (shifted < T(0) ? T(0) : shifted > T(6) ? T(6) : shifted) / T(6);
        }
        APUS_REAL1(hardswish) { return x * real_hardsigmoid(x); }

        // Near 0 by a power series: the difference would lose the digits.
        __device__ inline float real_tanhshrink(float x) {
            if (!(fabsf(x) < 1.0f)) return x - tanhf(x);
            const float s = x * x;
            float p = -1.428226969e-4f;
            p = fmaf(p, s, 9.236048209e-4f);
            p = fmaf(p, s, -3.206947586e-3f);
            p = fmaf(p, s, 8.697946556e-3f);
            p = fmaf(p, s, -2.182958461e-2f);
            p = fmaf(p, s, 5.396341905e-2f);
            p = fmaf(p, s, -1.333331019e-1f);
            p = fmaf(p, s, 3.333333433e-1f);
            return x * s * p;
        }
        __device__ inline double real_tanhshrink(double x) {
            if (!(fabs(x) < 0.1)) return x - tanh(x);
            const double s = x * x;
            double p = -929569.0 / 638512875;
            p = p * s + 21844.0 / 6081075;
            p = p * s - 1382.0 / 155925;
            p = p * s + 62.0 / 2835;
            p = p * s - 17.0 / 315;
            p = p * s + 2.0 / 15;
            p = p * s - 1.0 / 3;
            return -x * s * p;
        }

        APUS_REAL2(sigmoidGradient) { return y * x * (T(1) - x); }
        APUS_REAL2(tanhGradient) { return y * (T(1) - x * x); }
        APUS_REAL2(reluGradient) { return x > T(0) ? y : T(0); }
        APUS_REAL2(huber) {
            const T size = math_fabs(x);
            return size <= y ? T(0.5) * x * x : y * (size - T(0.5) * y);
        }
        APUS_REAL2(hardsigmoidGradient) { return x > T(-3) && x < T(3) ? y / T(6) : T(0); }
        APUS_REAL2(hardswishGradient) {
            return x <= T(-3) ? T(0) : x < T(3) ? y * ((x + T(1.5)) / T(3)) : y;
        }
        APUS_REAL2(leakyRelu) { return x > T(0) ? x : x * y; }
        APUS_REAL2(hardshrink) { return x >= -y && x <= y ? T(0) : x; }
        APUS_REAL2(softshrink) { return x > y ? x - y : x < -y ? x + y : isnan(x) ? x : T(0); }

        APUS_REAL3(threshold) { return x <= y ? z : x; }
        APUS_REAL3(thresholdGradient) { return x <= y ? T(0) : z; }
        APUS_REAL3(shrinkGradient) { return x >= -y && x <= y ? T(0) : z; }
        APUS_REAL3(leakyReluGradient) { return x > T(0) ? z : z * y; }
        APUS_REAL3(hardtanh) { return x < y ? y : x > z ? z : x; }
        APUS_REAL3(elu) { return x <= T(0) ? y * math_expm1(x * z) : x; }
        APUS_REAL3(eluDerivative) { return x <= T(0) ? y * z * math_exp(x * z) : T(1); }
        APUS_REAL3(softplus) { return x * y > z ? x : -real_logSigmoid(-x * y) / y; }

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
