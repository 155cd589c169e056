/// The operations of pointwise programs, each over one tile.
#ifndef APUS_POINTWISE_OPERATIONS_H
#define APUS_POINTWISE_OPERATIONS_H

#include <math.h>

#include "../include/pointwise.h"
#include "activation_math.h"

/// Runs one instruction over `count` elements, a multiple of the vector width. `d` may be any of the operands.
static void run_operation(
    int op, float immediate, float *d, const float *a, const float *b, const float *c, int64_t count)
{
#define APUS_UNARY(name, expression)                                                                                   \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i += vectorWidth) {                                                             \
            vfloat x = load(a + i);                                                                                    \
            store(d + i, expression);                                                                                  \
        }                                                                                                              \
        return;
#define APUS_BINARY(name, expression)                                                                                  \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i += vectorWidth) {                                                             \
            vfloat x = load(a + i), y = load(b + i);                                                                   \
            store(d + i, expression);                                                                                  \
        }                                                                                                              \
        return;
#define APUS_TERNARY(name, expression)                                                                                 \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i += vectorWidth) {                                                             \
            vfloat x = load(a + i), y = load(b + i), z = load(c + i);                                                  \
            store(d + i, expression);                                                                                  \
        }                                                                                                              \
        return;
// The C library's function, element by element: seldom used, and exact where a polynomial would be long.
#define APUS_LIBRARY(name, function)                                                                                   \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i++) d[i] = function(a[i]);                                                     \
        return;

#define APUS_BINARY_LIBRARY(name, function)                                                                            \
    case ApusPointwise##name:                                                                                          \
        for (int64_t i = 0; i < count; i++) d[i] = function(a[i], b[i]);                                               \
        return;

    switch (op) {
    case ApusPointwiseConstant:
        for (int64_t i = 0; i < count; i += vectorWidth) store(d + i, splat(immediate));
        return;
        APUS_UNARY(Copy, x)
        APUS_UNARY(Negate, -x)
        APUS_UNARY(Absolute, absolute(x))
        APUS_UNARY(Exp, vector_exp(x))
        APUS_UNARY(Log, vector_log(x))
        APUS_UNARY(Log1p, vector_log1p(x))
        APUS_UNARY(Expm1, vector_expm1(x))
        APUS_UNARY(SquareRoot, __builtin_elementwise_sqrt(x))
        APUS_UNARY(ReciprocalSquareRoot, 1.0f / __builtin_elementwise_sqrt(x))
        APUS_UNARY(Reciprocal, 1.0f / x)
        APUS_LIBRARY(Sin, sinf)
        APUS_LIBRARY(Cos, cosf)
        APUS_LIBRARY(Tan, tanf)
        APUS_UNARY(Tanh, vector_tanh(x))
        APUS_UNARY(Sigmoid, vector_sigmoid(x))
        APUS_UNARY(Relu, x < 0.0f ? splat(0.0f) : x)
        APUS_UNARY(Erf, vector_erf(x))
        APUS_UNARY(Floor, __builtin_elementwise_floor(x))
        APUS_UNARY(Ceil, __builtin_elementwise_ceil(x))
        APUS_UNARY(Round, __builtin_elementwise_rint(x))
        APUS_UNARY(Truncate, __builtin_elementwise_trunc(x))
        APUS_UNARY(Sign, one_where(x > 0.0f) - one_where(x < 0.0f))
        APUS_UNARY(Square, x * x)
        APUS_UNARY(LogicalNot, one_where(x == 0.0f))
        APUS_UNARY(IsNaN, one_where(x != x))
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
        APUS_UNARY(Hardsigmoid, vector_hardsigmoid(x))
        APUS_UNARY(Hardswish, x * vector_hardsigmoid(x))
        APUS_UNARY(Softsign, x / (1.0f + absolute(x)))
        APUS_UNARY(Tanhshrink, vector_tanhshrink(x))
        APUS_UNARY(LogSigmoid, vector_log_sigmoid(x))
        APUS_BINARY(Add, x + y)
        APUS_BINARY(Subtract, x - y)
        APUS_BINARY(Multiply, x * y)
        APUS_BINARY(Divide, x / y)
        APUS_BINARY_LIBRARY(Power, powf)
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
        APUS_TERNARY(Hardtanh, x < y ? y : (x > z ? z : x))
        APUS_TERNARY(Elu, x <= 0.0f ? y * vector_expm1(x * z) : x)
        APUS_TERNARY(EluDerivative, x <= 0.0f ? y * z * vector_exp(x * z) : splat(1.0f))
        APUS_TERNARY(Softplus, vector_softplus(x, y, z))
        APUS_TERNARY(MultiplyAdd, multiply_add(x, y, z))
    default: __builtin_trap();
    }
#undef APUS_UNARY
#undef APUS_BINARY
#undef APUS_TERNARY
#undef APUS_LIBRARY
#undef APUS_BINARY_LIBRARY
}

#endif
