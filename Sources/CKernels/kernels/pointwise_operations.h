/// The operations of pointwise programs, each over one tile.
#ifndef APUS_POINTWISE_OPERATIONS_H
#define APUS_POINTWISE_OPERATIONS_H

#include <math.h>

#include "../include/pointwise.h"
#include "vector_math.h"

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

    switch (op) {
    case ApusPointwiseConstant:
        for (int64_t i = 0; i < count; i += vectorWidth) store(d + i, splat(immediate));
        return;
        APUS_UNARY(Copy, x)
        APUS_UNARY(Negate, -x)
        APUS_UNARY(Absolute, absolute(x))
        APUS_UNARY(Exp, vector_exp(x))
        APUS_UNARY(Log, vector_log(x))
        APUS_LIBRARY(Log1p, log1pf)
        APUS_LIBRARY(Expm1, expm1f)
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
        APUS_BINARY(Add, x + y)
        APUS_BINARY(Subtract, x - y)
        APUS_BINARY(Multiply, x * y)
        APUS_BINARY(Divide, x / y)
    case ApusPointwisePower:
        for (int64_t i = 0; i < count; i++) d[i] = powf(a[i], b[i]);
        return;
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
        APUS_TERNARY(Where, x != 0.0f ? y : z)
        APUS_TERNARY(MultiplyAdd, multiply_add(x, y, z))
    default: __builtin_trap();
    }
#undef APUS_UNARY
#undef APUS_BINARY
#undef APUS_TERNARY
#undef APUS_LIBRARY
}

#endif
