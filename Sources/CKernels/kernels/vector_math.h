/// Vectorised elementary functions: branch-free, with polynomials fitted for this file (weighted minimax fits in double
/// precision, coefficients rounded to float). The errors given are maxima over 70 million sampled floats
/// (all bit patterns in steps of 61) and dense samples of [-12, 12], against double precision.
#ifndef APUS_VECTOR_MATH_H
#define APUS_VECTOR_MATH_H

#include <math.h>

#include "vector.h"

/// The power series' argument is small, so e^f - 1 - f = f²·p(f) leaves the leading terms exact.
APUS_INLINE vfloat exp_polynomial(vfloat f) {
    vfloat p = splat(1.381459879e-3f);
    p = multiply_add(p, f, splat(8.368716575e-3f));
    p = multiply_add(p, f, splat(4.166838899e-2f));
    p = multiply_add(p, f, splat(1.666652113e-1f));
    p = multiply_add(p, f, splat(4.999999404e-1f));
    return p;
}

/// e^x = r·2^n for -120 < x < 90, with r near 1; n stands in the low bits of `shifted`.
APUS_INLINE vfloat exp_mantissa(vfloat x, vfloat *shifted) {
    // Adding 1.5·2²³ rounds to an integer, which then stands in the low bits.
    const vfloat magic = splat(12582912.0f);
    *shifted = multiply_add(x, splat(1.44269504f), magic);
    vfloat n = *shifted - magic;
    // ln 2 in two parts; the first has 9 bits, so that n·high is exact also without fused multiply-add.
    vfloat f = multiply_add(n, splat(-0.693359375f), x);
    f = multiply_add(n, splat(2.12194440e-4f), f);
    return multiply_add(exp_polynomial(f) * f, f, f) + 1.0f;
}

/// e^x for -87 ≤ x ≤ 87, where 2^n only adds to an exponent.
APUS_INLINE vfloat exp_normal(vfloat x) {
    vfloat shifted, r = exp_mantissa(x, &shifted);
    return float_of(bits_of(r) + (bits_of(shifted) << 23));
}

/// e^x for -120 < x < 90, where the result may be denormal. Of NaN it makes any number.
APUS_INLINE vfloat exp_of_number(vfloat x) {
    vfloat shifted, r = exp_mantissa(x, &shifted);
    // 2^n in two factors: 2^n alone would leave the range of floats at both ends. r is near 1, so that the first one
    // only adds to its exponent.
    vint exponent = (vint)(bits_of(shifted) - 0x4b400000u);
    vint half = exponent >> 1;
    vuint second = ((vuint)(exponent - half) + 127u) << 23;
    return float_of(bits_of(r) + ((vuint)half << 23)) * float_of(second);
}

/// e^x for -120 < x < 90, where the result may be denormal. NaN stays NaN.
APUS_INLINE vfloat vector_exp_in_range(vfloat x) {
    vfloat r = exp_of_number(x);
    return x != x ? x : r;
}

/// e^x; 0 below -104, infinity above 88.8, denormal results kept. At most 1.01 ulp.
APUS_INLINE vfloat vector_exp(vfloat x) {
    // Beyond these the result is 0 or infinity anyway. Comparisons keep NaN as it is.
    vfloat clamped = x < -105.0f ? splat(-105.0f) : x;
    clamped = clamped > 90.0f ? splat(90.0f) : clamped;
    vfloat r = exp_of_number(clamped);
    return x != x ? x : r;
}

/// e^x - 1, relatively accurate near zero; -1 far below, infinity above 88.8. At most 1.41 ulp.
APUS_INLINE vfloat vector_expm1(vfloat x) {
    // Below -30 the result is -1 in all its digits.
    vfloat clamped = x < -30.0f ? splat(-30.0f) : x;
    clamped = clamped > 90.0f ? splat(90.0f) : clamped;
    const vfloat magic = splat(12582912.0f);
    vfloat shifted = multiply_add(clamped, splat(1.44269504f), magic);
    vfloat n = shifted - magic;
    vfloat f = multiply_add(n, splat(-0.693359375f), clamped);
    f = multiply_add(n, splat(2.12194440e-4f), f);
    vfloat q = multiply_add(exp_polynomial(f) * f, f, f);
    // 2^n·(e^f - 1) + 2^n - 1 = 2^n·(q + (1 - 2^-n)), with 2^n in two factors. Beyond 2^100, 2^-n counts for nothing.
    vint exponent = (vint)(bits_of(shifted) - 0x4b400000u);
    vint capped = exponent > 100 ? (vint)100 : exponent;
    vfloat inverse = float_of((vuint)(127 - capped) << 23);
    vint half = exponent >> 1;
    vuint first = ((vuint)half + 127u) << 23;
    vuint second = ((vuint)(exponent - half) + 127u) << 23;
    vfloat r = (q + (1.0f - inverse)) * float_of(first) * float_of(second);
    return x != x ? x : with_sign_of(r, x);
}

/// ln((1 + f)·2^e) for 1 + f in [√½, √2).
APUS_INLINE vfloat log_of_parts(vfloat f, vfloat e) {
    vfloat q = splat(-7.634496689e-2f);
    q = multiply_add(q, f, splat(1.276157647e-1f));
    q = multiply_add(q, f, splat(-1.316018254e-1f));
    q = multiply_add(q, f, splat(1.420175731e-1f));
    q = multiply_add(q, f, splat(-1.662335694e-1f));
    q = multiply_add(q, f, splat(2.000122666e-1f));
    q = multiply_add(q, f, splat(-2.500081956e-1f));
    q = multiply_add(q, f, splat(3.333333135e-1f));
    vfloat square = f * f;
    vfloat tail = q * f * square;
    tail = multiply_add(e, splat(-2.12194440e-4f), tail);
    tail = multiply_add(splat(-0.5f), square, tail);
    return multiply_add(e, splat(0.693359375f), f + tail);
}

/// ln x; -infinity at 0, NaN below, denormal arguments included. At most 0.83 ulp.
APUS_INLINE vfloat vector_log(vfloat x) {
    vint tiny = x < 1.17549435e-38f;
    vfloat scaled = tiny ? x * 8388608.0f : x;
    // Splits off an exponent such that the mantissa lies in [√½, √2).
    vuint offset = bits_of(scaled) - 0x3f3504f3u;
    vint exponent = (vint)offset >> 23;
    vfloat m = float_of((offset & 0x007fffffu) + 0x3f3504f3u);
    vfloat e = __builtin_convertvector(exponent, vfloat) - (tiny ? splat(23.0f) : splat(0.0f));
    vfloat r = log_of_parts(m - 1.0f, e);
    r = x == 0.0f ? splat(-__builtin_inff()) : r;
    r = x == __builtin_inff() ? x : r;
    r = x < 0.0f ? splat(__builtin_nanf("")) : r;
    return x != x ? x : r;
}

/// ln(1 + x), relatively accurate near zero; -infinity at -1, NaN below. At most 1.4 ulp.
APUS_INLINE vfloat vector_log1p(vfloat x) {
    vfloat u = 1.0f + x;
    // What the rounding of u lost, exactly.
    vfloat lost = u >= 2.0f ? 1.0f - (u - x) : x - (u - 1.0f);
    vuint offset = bits_of(u) - 0x3f3504f3u;
    vint exponent = (vint)offset >> 23;
    vfloat m = float_of((offset & 0x007fffffu) + 0x3f3504f3u);
    // 2^-exponent; from 2^127 on nothing is lost that would count.
    vfloat scale = float_of((vuint)(exponent > 126 ? (vint)0 : 127 - exponent) << 23);
    vfloat e = __builtin_convertvector(exponent, vfloat);
    vfloat r = log_of_parts(multiply_add(lost, scale, m - 1.0f), e);
    r = x == -1.0f ? splat(-__builtin_inff()) : r;
    r = x == __builtin_inff() ? x : r;
    r = x < -1.0f ? splat(__builtin_nanf("")) : r;
    return x != x ? x : with_sign_of(r, x);
}

/// 1 / (1 + e^-x), relatively accurate also for very negative x. At most 2.36 ulp.
APUS_INLINE vfloat vector_sigmoid(vfloat x) {
    // e^-|x| never overflows; σ(x) = e^x / (1 + e^x) below zero keeps the small values' digits.
    vfloat t = float_of(bits_of(x) | 0x80000000u);
    vint isFar = ~(t >= -87.0f);
    if (__builtin_expect(__builtin_reduce_or(isFar) != 0, 0)) {
        // Some e^-|x| is denormal, or an x is NaN.
        vfloat z = exp_of_number(t < -105.0f ? splat(-105.0f) : t);
        vfloat r = (x < 0.0f ? z : splat(1.0f)) / (z + 1.0f);
        return x != x ? x : r;
    }
    vfloat z = exp_normal(t);
    return ((vint)x < 0 ? z : splat(1.0f)) / (z + 1.0f);
}

/// tanh x, relatively accurate near zero. At most 1.32 ulp.
APUS_INLINE vfloat vector_tanh(vfloat x) {
    vfloat t = absolute(x);
    vfloat s = x * x;
    vfloat p = splat(-5.704986863e-3f);
    p = multiply_add(p, s, splat(2.063908614e-2f));
    p = multiply_add(p, s, splat(-5.373971537e-2f));
    p = multiply_add(p, s, splat(1.333144158e-1f));
    p = multiply_add(p, s, splat(-3.333328068e-1f));
    vfloat near = multiply_add(p * s, x, x);
    vfloat far = 1.0f - 2.0f / (vector_exp(t + t) + 1.0f);
    // The polynomial was fitted up to 0.625, where 1 - tanh has lost no digit yet.
    return with_sign_of(t < 0.625f ? near : far, x);
}

/// The error function, 2/√π ∫₀ˣ e^(-t²) dt. At most 1.2 ulp.
APUS_INLINE vfloat vector_erf(vfloat x) {
    vfloat t = absolute(x);
    vfloat s = x * x;
    vfloat p = splat(8.316774620e-5f);
    p = multiply_add(p, s, splat(-8.130012429e-4f));
    p = multiply_add(p, s, splat(5.199906882e-3f));
    p = multiply_add(p, s, splat(-2.685894072e-2f));
    p = multiply_add(p, s, splat(1.128368750e-1f));
    p = multiply_add(p, s, splat(-3.761263192e-1f));
    p = multiply_add(p, s, splat(1.283791661e-1f));
    vfloat near = multiply_add(p, x, x);
    // -ln(1 - erf t) - t as a polynomial on [0.92, 3.95]; beyond, the result rounds to 1.
    vfloat u = t > 3.95f ? splat(3.95f) : t;
    vfloat q = splat(-1.959372603e-4f);
    q = multiply_add(q, u, splat(3.043217584e-3f));
    q = multiply_add(q, u, splat(-2.222692035e-2f));
    q = multiply_add(q, u, splat(1.039315984e-1f));
    q = multiply_add(q, u, splat(6.371822357e-1f));
    q = multiply_add(q, u, splat(1.276756227e-1f));
    q = multiply_add(q, u, splat(1.956754131e-4f));
    vfloat far = 1.0f - vector_exp(-(q + u));
    vfloat r = t < 0.93f ? near : with_sign_of(far, x);
    return x != x ? x : r;
}

/// log₂ x of positive normal doubles, to 1e-13.
APUS_INLINE vhalfdouble half_log2(vhalfdouble x) {
    // x = 2^e·m with m from √½ up to √2: what is added carries into the exponent where m is larger.
    vulong bits = (vulong)x;
    vulong biased = (bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
    vhalfdouble m = (vhalfdouble)(bits - ((biased - 1023) << 52));
    // 1.5·2^52 + n holds the integer n in its last bits.
    vhalfdouble e = (vhalfdouble)(biased + 0x4338000000000000u) - (6755399441055744.0 + 1023.0);
    // ln m = 2·artanh s by its series, s = (m - 1) / (m + 1), |s| up to 0.172.
    vhalfdouble s = (m - 1.0) / (m + 1.0), square = s * s;
    vhalfdouble p = square * (1.0 / 15.0) + 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    p = p * square + 1.0;
    return e + s * p * 2.8853900817779268;
}

/// 2^x for |x| up to 1000, to 1e-13.
APUS_INLINE vhalfdouble half_exp2(vhalfdouble x) {
    vhalfdouble shifted = x + 6755399441055744.0;
    // The exponential's series at |t| up to ln 2 / 2.
    vhalfdouble t = (x - (shifted - 6755399441055744.0)) * 0.69314718055994531;
    vhalfdouble p = t * (1.0 / 3628800.0) + 1.0 / 362880.0;
    p = p * t + 1.0 / 40320.0;
    p = p * t + 1.0 / 5040.0;
    p = p * t + 1.0 / 720.0;
    p = p * t + 1.0 / 120.0;
    p = p * t + 1.0 / 24.0;
    p = p * t + 1.0 / 6.0;
    p = p * t + 0.5;
    p = p * t + 1.0;
    p = p * t + 1.0;
    return (vhalfdouble)((vulong)p + ((vulong)shifted << 52));
}

APUS_INLINE vhalf half_power(vhalf x, vhalf y) {
    vhalfdouble t = __builtin_convertvector(y, vhalfdouble) * half_log2(__builtin_convertvector(x, vhalfdouble));
    // Beyond, the result is 0 or infinity in single precision.
    t = t > 200.0 ? (vhalfdouble)200.0 : t;
    t = t < -200.0 ? (vhalfdouble)-200.0 : t;
    return __builtin_convertvector(half_exp2(t), vhalf);
}

/// x^y, by double precision to half an ulp; zeros, infinities and NaN by the C library.
APUS_INLINE vfloat vector_power(vfloat x, vfloat y) {
    vfloat magnitude = absolute(x);
    vint usual = (magnitude > 0.0f) & (magnitude < __builtin_inff()) & (absolute(y) < __builtin_inff());
    if (!__builtin_reduce_and(usual)) {
        float bases[vectorWidth], exponents[vectorWidth];
        store(bases, x);
        store(exponents, y);
        for (int i = 0; i < vectorWidth; i++) bases[i] = powf(bases[i], exponents[i]);
        return load(bases);
    }
    vfloat power = APUS_JOIN_HALVES(
        half_power(APUS_LOW_HALF(magnitude), APUS_LOW_HALF(y)), half_power(APUS_HIGH_HALF(magnitude), APUS_HIGH_HALF(y)));
    // A negative number has real powers for whole exponents only, negative ones for odd ones.
    vfloat whole = __builtin_elementwise_trunc(y), half = y * 0.5f;
    vfloat odd = whole - 2.0f * __builtin_elementwise_trunc(half);
    vfloat ofNegative = whole == y ? (odd != 0.0f ? -power : power) : splat(__builtin_nanf(""));
    return x < 0.0f ? ofNegative : power;
}

#endif
