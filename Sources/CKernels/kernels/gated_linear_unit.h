/// The gated linear unit.
#ifndef APUS_GATED_LINEAR_UNIT_KERNEL_H
#define APUS_GATED_LINEAR_UNIT_KERNEL_H

#include "../include/gated_linear_unit.h"
#include "activation_math.h"

static void gated_linear_unit_forward_kernel(const float *x, int64_t half, float *y, int64_t begin, int64_t end)
{
    while (begin < end) {
        int64_t place = begin % half;
        int64_t count = smaller(half - place, end - begin);
        const float *a = x + begin / half * 2 * half + place, *b = a + half;
        float *result = y + begin;
        int64_t i = 0;
        for (; i + vectorWidth <= count; i += vectorWidth) store(result + i, load(a + i) * vector_sigmoid(load(b + i)));
        if (i < count) {
            vfloat gate = vector_sigmoid(load_part(b + i, count - i, 0.0f));
            store_part(result + i, count - i, load_part(a + i, count - i, 0.0f) * gate);
        }
        begin += count;
    }
}

APUS_INLINE void gated_linear_unit_gradient(vfloat a, vfloat b, vfloat gradient, vfloat *byValue, vfloat *byGate)
{
    vfloat gate, rest;
    sigmoid_pair(b, &gate, &rest);
    *byValue = gradient * gate;
    *byGate = *byValue * a * rest;
}

static void gated_linear_unit_backward_kernel(
    const float *x, const float *gradient, int64_t half, float *inputGradient, int64_t begin, int64_t end)
{
    while (begin < end) {
        int64_t place = begin % half;
        int64_t count = smaller(half - place, end - begin);
        int64_t start = begin / half * 2 * half + place;
        const float *a = x + start, *b = a + half, *dy = gradient + begin;
        float *da = inputGradient + start, *db = da + half;
        vfloat byValue, byGate;
        int64_t i = 0;
        for (; i + vectorWidth <= count; i += vectorWidth) {
            gated_linear_unit_gradient(load(a + i), load(b + i), load(dy + i), &byValue, &byGate);
            store(da + i, byValue);
            store(db + i, byGate);
        }
        if (i < count) {
            int64_t rest = count - i;
            gated_linear_unit_gradient(
                load_part(a + i, rest, 0.0f), load_part(b + i, rest, 0.0f), load_part(dy + i, rest, 0.0f), &byValue,
                &byGate);
            store_part(da + i, rest, byValue);
            store_part(db + i, rest, byGate);
        }
        begin += count;
    }
}

#endif
