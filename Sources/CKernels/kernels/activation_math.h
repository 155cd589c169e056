/// Activations and their derivatives, on vectors.
///
/// They keep their digits where they are small (in the tails and near zero); NaN stays NaN. The errors given are maxima
/// over ten million sampled floats against double precision.
#ifndef APUS_ACTIVATION_MATH_H
#define APUS_ACTIVATION_MATH_H

#include "vector_math.h"

APUS_INLINE vfloat clamped(vfloat x, float low, float high) {
    vfloat r = x < low ? splat(low) : x;
    return r > high ? splat(high) : r;
}

/// σ(x) and σ(-x) = 1 - σ(x), of one exponential.
APUS_INLINE void sigmoid_pair(vfloat x, vfloat *positive, vfloat *negative) {
    vfloat z = vector_exp(-absolute(x));
    vfloat larger = 1.0f / (z + 1.0f);
    vfloat smaller = z * larger;
    *positive = x < 0.0f ? smaller : larger;
    *negative = x < 0.0f ? larger : smaller;
}

APUS_INLINE vfloat vector_silu(vfloat x) { return x * vector_sigmoid(x); }

/// σ(x)·(1 + x·σ(-x))
APUS_INLINE vfloat vector_silu_derivative(vfloat x) {
    vfloat s, rest;
    sigmoid_pair(x, &s, &rest);
    return s * multiply_add(x, rest, splat(1.0f));
}

/// x·tanh(ln(1 + e)) with e = e^x; the factor is w / (w + 2) for w = e·(e + 2), and 1 to the last digit beyond 20.
APUS_INLINE vfloat vector_mish(vfloat x) {
    vfloat e = vector_exp(x > 20.0f ? splat(20.0f) : x);
    vfloat w = e * (e + 2.0f);
    return x * (w / (w + 2.0f));
}

APUS_INLINE vfloat vector_mish_derivative(vfloat x) {
    vfloat e = vector_exp(x > 20.0f ? splat(20.0f) : x);
    vfloat w = e * (e + 2.0f);
    vfloat d = 1.0f / (w + 2.0f);
    vfloat r = d * multiply_add(4.0f * e * (1.0f + e) * x, d, w);
    return x > 20.0f ? splat(1.0f) : r;
}

/// The distribution function Φ(x) of the standard normal distribution, relatively accurate also far below zero, and
/// e^(-x²/2), for |x| up to 15, beyond which they are constant. At most 5.5 ulp.
APUS_INLINE vfloat normal_distribution(vfloat x, vfloat *exponential) {
    vfloat t = absolute(x);
    t = t > 15.0f ? splat(15.0f) : t;
    vfloat square = t * t;
    // What the rounding of the square lost, where the processor can tell.
    vfloat lost = multiply_add(t, t, -square);
    vfloat e = vector_exp_in_range(-0.5f * square);
    e = multiply_add(e, -0.5f * lost, e);
    *exponential = e;
    // Φ(-t)·e^(t²/2) = u·p(u) with u = 1 / (1 + 0.35 t).
    vfloat u = 1.0f / multiply_add(splat(0.35f), t, splat(1.0f));
    // By halves, so that its nine steps do not wait for each other behind the division.
    vfloat u2 = u * u, u4 = u2 * u2;
    vfloat low = multiply_add(
        multiply_add(splat(1.055532023e-1f), u, splat(1.198211238e-1f)), u2,
        multiply_add(splat(1.398635358e-1f), u, splat(1.396213025e-1f)));
    vfloat high = multiply_add(
        multiply_add(splat(1.440321356e-1f), u, splat(-2.558414340e-1f)), u2,
        multiply_add(splat(1.593223661e-1f), u, splat(-2.321410365e-2f)));
    vfloat p = multiply_add(multiply_add(splat(-2.915814146e-2f), u4, high), u4, low);
    vfloat tail = p * u * e;
    return x < 0.0f ? tail : 1.0f - tail;
}

/// x·Φ(x)
APUS_INLINE vfloat vector_gelu(vfloat x) {
    vfloat exponential;
    return x * normal_distribution(x, &exponential);
}

/// Φ(x) + x·φ(x)
APUS_INLINE vfloat vector_gelu_derivative(vfloat x) {
    vfloat exponential;
    vfloat distribution = normal_distribution(x, &exponential);
    return multiply_add(clamped(x, -15.0f, 15.0f) * exponential, splat(0.398942280f), distribution);
}

/// 2·√(2/π)·(x + 0.044715 x³); beyond 12 its sigmoid is 0 or 1.
APUS_INLINE vfloat gelu_exponent(vfloat x) {
    return x * multiply_add(x * x, splat(0.0713548163f), splat(1.59576912f));
}

/// x·(1 + tanh u) / 2 = x·σ(2u)
APUS_INLINE vfloat vector_gelu_tanh(vfloat x) {
    return x * vector_sigmoid(gelu_exponent(clamped(x, -12.0f, 12.0f)));
}

APUS_INLINE vfloat vector_gelu_tanh_derivative(vfloat x) {
    vfloat near = clamped(x, -12.0f, 12.0f);
    vfloat s, rest;
    sigmoid_pair(gelu_exponent(near), &s, &rest);
    vfloat slope = multiply_add(near * near, splat(0.214064449f), splat(1.59576912f));
    return s * multiply_add(near * slope, rest, splat(1.0f));
}

APUS_INLINE vfloat vector_hardsigmoid(vfloat x) { return clamped(x + 3.0f, 0.0f, 6.0f) / 6.0f; }

/// x - tanh x, relatively accurate near zero. At most 3.8 ulp.
APUS_INLINE vfloat vector_tanhshrink(vfloat x) {
    vfloat s = x * x;
    vfloat p = splat(-1.428226969e-4f);
    p = multiply_add(p, s, splat(9.236048209e-4f));
    p = multiply_add(p, s, splat(-3.206947586e-3f));
    p = multiply_add(p, s, splat(8.697946556e-3f));
    p = multiply_add(p, s, splat(-2.182958461e-2f));
    p = multiply_add(p, s, splat(5.396341905e-2f));
    p = multiply_add(p, s, splat(-1.333331019e-1f));
    p = multiply_add(p, s, splat(3.333333433e-1f));
    vfloat near = x * s * p;
    return absolute(x) < 1.0f ? near : x - vector_tanh(x);
}

/// ln σ(x)
APUS_INLINE vfloat vector_log_sigmoid(vfloat x) {
    vfloat bounded = x > 0.0f ? splat(0.0f) : x;
    return bounded - vector_log1p(vector_exp(-absolute(x)));
}

/// ln(1 + e^(x·beta)) / beta, or x where x·beta > bound
APUS_INLINE vfloat vector_softplus(vfloat x, vfloat beta, vfloat bound) {
    vfloat scaled = x * beta;
    return scaled > bound ? x : -vector_log_sigmoid(-scaled) / beta;
}

APUS_INLINE float floor_divide(float x, float y) {
    if (y == 0.0f) return x / y;
    float rest = fmodf(x, y);
    float quotient = (x - rest) / y;
    if (rest != 0.0f && (rest < 0.0f) != (y < 0.0f)) quotient -= 1.0f;
    if (quotient == 0.0f) return copysignf(0.0f, x / y);
    float whole = floorf(quotient);
    return quotient - whole > 0.5f ? whole + 1.0f : whole;
}

/// x - y·⌊x / y⌋ with the sign of y, from the exact remainder of the quotient toward zero.
APUS_INLINE float floor_remainder(float x, float y) {
    float rest = fmodf(x, y);
    return rest != 0.0f && (rest < 0.0f) != (y < 0.0f) ? rest + y : rest;
}

#endif
