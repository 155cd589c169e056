/// The operations of pointwise programs, each over one tile.
#ifndef APUS_POINTWISE_OPERATIONS_H
#define APUS_POINTWISE_OPERATIONS_H

#include <math.h>

#include "../include/pointwise.h"
#include "activation_math.h"

/// An operand of an instruction: `mask` is -1 where element i lies at data[i], and 0 where one vector, the same at each
/// position, lies there.
typedef struct {
    const float *data;
    int64_t mask;
} PointwiseValue;

APUS_INLINE vfloat load_value(PointwiseValue value, int64_t i) { return load(value.data + (i & value.mask)); }
APUS_INLINE float load_element(PointwiseValue value, int64_t i) { return value.data[i & value.mask]; }

enum {
    /// Vectors that are all loaded before the first of them is stored. A loop that loads after each store waits where
    /// the addresses of source and destination agree in their last 12 bits, as those of two large blocks do: on a
    /// Zen 3 core such a copy from the second-level cache takes 1.6 times as long.
    pointwiseBatch = 4,
};

/// Computes `expression` of the vectors x, y and z at each position.
#define APUS_POINTWISE_LOOP(batch, loads, expression)                                                                  \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + (batch) * vectorWidth <= count; i += (batch) * vectorWidth) {                                       \
            vfloat results[batch];                                                                                     \
            APUS_UNROLL                                                                                                \
            for (int64_t k = 0; k < (batch); k++) {                                                                    \
                const int64_t at = i + k * vectorWidth;                                                                \
                loads;                                                                                                 \
                results[k] = expression;                                                                               \
            }                                                                                                          \
            APUS_UNROLL                                                                                                \
            for (int64_t k = 0; k < (batch); k++) store(d + i + k * vectorWidth, results[k]);                          \
        }                                                                                                              \
        for (; i < count; i += vectorWidth) {                                                                          \
            const int64_t at = i;                                                                                      \
            loads;                                                                                                     \
            store(d + i, expression);                                                                                  \
        }                                                                                                              \
    }

/// x^y; exponents that are the same everywhere and have a short formula are computed by it, as PyTorch does.
static void run_power(float *d, PointwiseValue a, PointwiseValue b, int64_t count)
{
#define APUS_POWER(number, expression)                                                                                 \
    if (exponent == (number)) {                                                                                        \
        APUS_POINTWISE_LOOP(pointwiseBatch, vfloat x = load_value(a, at), expression)                                  \
        return;                                                                                                        \
    }
    float exponent = b.mask == 0 ? b.data[0] : __builtin_nanf("");
    APUS_POWER(1.0f, x)
    APUS_POWER(2.0f, x * x)
    APUS_POWER(3.0f, x * x * x)
    APUS_POWER(-1.0f, 1.0f / x)
    APUS_POWER(-2.0f, 1.0f / (x * x))
    APUS_POWER(0.5f, __builtin_elementwise_sqrt(x))
    APUS_POWER(-0.5f, 1.0f / __builtin_elementwise_sqrt(x))
#undef APUS_POWER
    APUS_POINTWISE_LOOP(1, vfloat x = load_value(a, at); vfloat y = load_value(b, at), vector_power(x, y))
}

APUS_INLINE vfloat below(vfloat x, vfloat bound) { return x > bound ? bound : x; }

/// min(max(x, y), z), NaN where any of them is.
static void run_clamp(float *d, PointwiseValue a, PointwiseValue b, PointwiseValue c, int64_t count)
{
#define APUS_CLAMP(expression)                                                                                         \
    APUS_POINTWISE_LOOP(                                                                                               \
        pointwiseBatch, vfloat x = load_value(a, at); vfloat y = load_value(b, at); vfloat z = load_value(c, at),      \
        expression)
    int boundsAreNumbers = b.mask == 0 && c.mask == 0 && b.data[0] == b.data[0] && c.data[0] == c.data[0];
    if (boundsAreNumbers) {
        // One instruction a bound, which keeps NaN in x.
        APUS_CLAMP(below(x < y ? y : x, z))
    } else {
        APUS_CLAMP(minimum(maximum(x, y), z))
    }
#undef APUS_CLAMP
}

/// Runs one instruction over `count` elements, a multiple of the vector width. `d` may be any of the operands.
static void run_operation(
    int op, float immediate, float *d, PointwiseValue a, PointwiseValue b, PointwiseValue c, int64_t count)
{
#define APUS_ONE vfloat x = load_value(a, at)
#define APUS_TWO                                                                                                       \
    vfloat x = load_value(a, at);                                                                                      \
    vfloat y = load_value(b, at)
#define APUS_THREE                                                                                                     \
    APUS_TWO;                                                                                                          \
    vfloat z = load_value(c, at)
// Long expressions fill the processor's queues by themselves.
#define APUS_UNARY(name, expression)                                                                                   \
    case ApusPointwise##name: APUS_POINTWISE_LOOP(1, APUS_ONE, expression) return;
#define APUS_SHORT_UNARY(name, expression)                                                                             \
    case ApusPointwise##name: APUS_POINTWISE_LOOP(pointwiseBatch, APUS_ONE, expression) return;
#define APUS_BINARY(name, expression)                                                                                  \
    case ApusPointwise##name: APUS_POINTWISE_LOOP(pointwiseBatch, APUS_TWO, expression) return;
#define APUS_TERNARY(name, expression)                                                                                 \
    case ApusPointwise##name: APUS_POINTWISE_LOOP(pointwiseBatch, APUS_THREE, expression) return;
#define APUS_LONG_TERNARY(name, expression)                                                                            \
    case ApusPointwise##name: APUS_POINTWISE_LOOP(1, APUS_THREE, expression) return;
// The C library's function, element by element: seldom used, and exact where a polynomial would be long.
#define APUS_LIBRARY(name, function)                                                                                   \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i++) d[i] = function(load_element(a, i));                                       \
        return;

#define APUS_BINARY_LIBRARY(name, function)                                                                            \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i++) d[i] = function(load_element(a, i), load_element(b, i));                   \
        return;

    switch (op) {
    case ApusPointwiseConstant:
        for (int64_t i = 0; i < count; i += vectorWidth) store(d + i, splat(immediate));
        return;
        APUS_SHORT_UNARY(Copy, x)
        APUS_SHORT_UNARY(Negate, -x)
        APUS_SHORT_UNARY(Absolute, absolute(x))
        APUS_UNARY(Exp, vector_exp(x))
        APUS_UNARY(Log, vector_log(x))
        APUS_UNARY(Log1p, vector_log1p(x))
        APUS_UNARY(Expm1, vector_expm1(x))
        APUS_SHORT_UNARY(SquareRoot, __builtin_elementwise_sqrt(x))
        APUS_UNARY(ReciprocalSquareRoot, 1.0f / __builtin_elementwise_sqrt(x))
        APUS_SHORT_UNARY(Reciprocal, 1.0f / x)
        APUS_LIBRARY(Sin, sinf)
        APUS_LIBRARY(Cos, cosf)
        APUS_LIBRARY(Tan, tanf)
        APUS_UNARY(Tanh, vector_tanh(x))
        APUS_UNARY(Sigmoid, vector_sigmoid(x))
        APUS_SHORT_UNARY(Relu, x < 0.0f ? splat(0.0f) : x)
        APUS_UNARY(Erf, vector_erf(x))
        APUS_SHORT_UNARY(Floor, __builtin_elementwise_floor(x))
        APUS_SHORT_UNARY(Ceil, __builtin_elementwise_ceil(x))
        APUS_SHORT_UNARY(Round, __builtin_elementwise_rint(x))
        APUS_SHORT_UNARY(Truncate, __builtin_elementwise_trunc(x))
        APUS_SHORT_UNARY(Sign, one_where(x > 0.0f) - one_where(x < 0.0f))
        APUS_SHORT_UNARY(Square, x * x)
        APUS_SHORT_UNARY(LogicalNot, one_where(x == 0.0f))
        APUS_SHORT_UNARY(IsNaN, one_where(x != x))
        APUS_LIBRARY(Exp2, exp2f)
        APUS_LIBRARY(Log2, log2f)
        APUS_LIBRARY(Log10, log10f)
        APUS_LIBRARY(Sinh, sinhf)
        APUS_LIBRARY(Cosh, coshf)
        APUS_LIBRARY(Asin, asinf)
        APUS_LIBRARY(Acos, acosf)
        APUS_LIBRARY(Atan, atanf)
        APUS_LIBRARY(Asinh, asinhf)
        APUS_LIBRARY(Acosh, acoshf)
        APUS_LIBRARY(Atanh, atanhf)
        APUS_LIBRARY(Erfc, erfcf)
        APUS_UNARY(Silu, vector_silu(x))
        APUS_UNARY(SiluDerivative, vector_silu_derivative(x))
        APUS_UNARY(Mish, vector_mish(x))
        APUS_UNARY(MishDerivative, vector_mish_derivative(x))
        APUS_UNARY(Gelu, vector_gelu(x))
        APUS_UNARY(GeluDerivative, vector_gelu_derivative(x))
        APUS_UNARY(GeluTanh, vector_gelu_tanh(x))
        APUS_UNARY(GeluTanhDerivative, vector_gelu_tanh_derivative(x))
        APUS_SHORT_UNARY(Hardsigmoid, vector_hardsigmoid(x))
        APUS_SHORT_UNARY(Hardswish, x * vector_hardsigmoid(x))
        APUS_UNARY(Softsign, x / (1.0f + absolute(x)))
        APUS_UNARY(Tanhshrink, vector_tanhshrink(x))
        APUS_UNARY(LogSigmoid, vector_log_sigmoid(x))
        APUS_BINARY(Add, x + y)
        APUS_BINARY(Subtract, x - y)
        APUS_BINARY(Multiply, x * y)
        APUS_BINARY(Divide, x / y)
    case ApusPointwisePower: run_power(d, a, b, count); return;
        APUS_BINARY(Maximum, maximum(x, y))
        APUS_BINARY(Minimum, minimum(x, y))
        APUS_BINARY(Equal, one_where(x == y))
        APUS_BINARY(NotEqual, one_where(x != y))
        APUS_BINARY(Less, one_where(x < y))
        APUS_BINARY(LessOrEqual, one_where(x <= y))
        APUS_BINARY(Greater, one_where(x > y))
        APUS_BINARY(GreaterOrEqual, one_where(x >= y))
        APUS_BINARY(LogicalAnd, one_where((x != 0.0f) & (y != 0.0f)))
        APUS_BINARY(LogicalOr, one_where((x != 0.0f) | (y != 0.0f)))
        APUS_BINARY(SigmoidGradient, y * x * (1.0f - x))
        APUS_BINARY(TanhGradient, y * (1.0f - x * x))
        APUS_BINARY(ReluGradient, x > 0.0f ? y : splat(0.0f))
        APUS_BINARY(Huber, absolute(x) <= y ? 0.5f * x * x : y * (absolute(x) - 0.5f * y))
        APUS_BINARY(HardsigmoidGradient, ((x > -3.0f) & (x < 3.0f)) ? y / 6.0f : splat(0.0f))
        APUS_BINARY(
            HardswishGradient,
            x <= -3.0f ? splat(0.0f) : (x < 3.0f ? y * ((x + 1.5f) / 3.0f) : y))
        APUS_BINARY_LIBRARY(ArcTangent2, atan2f)
        APUS_BINARY_LIBRARY(Remainder, floor_remainder)
        APUS_BINARY_LIBRARY(Fmod, fmodf)
        APUS_BINARY_LIBRARY(FloorDivide, floor_divide)
        APUS_BINARY_LIBRARY(Hypot, hypotf)
        APUS_BINARY(LeakyRelu, x > 0.0f ? x : x * y)
        APUS_BINARY(Hardshrink, ((x >= -y) & (x <= y)) ? splat(0.0f) : x)
        // Where x is neither above, below nor inside, it is NaN.
        APUS_BINARY(Softshrink, x > y ? x - y : (x < -y ? x + y : (x != x ? x : splat(0.0f))))
        APUS_TERNARY(Where, x != 0.0f ? y : z)
        APUS_TERNARY(Threshold, x <= y ? z : x)
        APUS_TERNARY(ThresholdGradient, x <= y ? splat(0.0f) : z)
        APUS_TERNARY(ShrinkGradient, ((x >= -y) & (x <= y)) ? splat(0.0f) : z)
        APUS_TERNARY(LeakyReluGradient, x > 0.0f ? z : z * y)
        APUS_TERNARY(IsBeyond, one_where((x <= y) | (x >= z)))
        APUS_TERNARY(IsWithin, one_where((x >= y) & (x <= z)))
    case ApusPointwiseClamp: run_clamp(d, a, b, c, count); return;
        APUS_TERNARY(Hardtanh, x < y ? y : (x > z ? z : x))
        APUS_LONG_TERNARY(Elu, x <= 0.0f ? y * vector_expm1(x * z) : x)
        APUS_LONG_TERNARY(EluDerivative, x <= 0.0f ? y * z * vector_exp(x * z) : splat(1.0f))
        APUS_LONG_TERNARY(Softplus, vector_softplus(x, y, z))
        APUS_TERNARY(MultiplyAdd, multiply_add(x, y, z))
    default: __builtin_trap();
    }
#undef APUS_ONE
#undef APUS_TWO
#undef APUS_THREE
#undef APUS_UNARY
#undef APUS_SHORT_UNARY
#undef APUS_BINARY
#undef APUS_TERNARY
#undef APUS_LONG_TERNARY
#undef APUS_LIBRARY
#undef APUS_BINARY_LIBRARY
}

#endif
