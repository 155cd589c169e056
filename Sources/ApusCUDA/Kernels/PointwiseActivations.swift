extension PointwiseFunctions {
    /// Activations and gradients, written so that they keep their digits where they are small.
    static let activations = """
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
        // In `float`, the difference keeps its digits near 1.
        __device__ inline float real_tanhGradient(float x, float y) { return y * fmaf(-x, x, 1.0f); }
        __device__ inline double real_tanhGradient(double x, double y) { return y * (1.0 - x * x); }
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
}
