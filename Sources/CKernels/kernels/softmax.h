/// Softmax, log-softmax and cross-entropy over rows.
#ifndef APUS_SOFTMAX_KERNEL_H
#define APUS_SOFTMAX_KERNEL_H

#include <math.h>

#include "../include/softmax.h"
#include "vector_math.h"

static float row_maximum(const float *x, int64_t count)
{
    vfloat best = splat(-__builtin_inff());
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) best = maximum(best, load(x + i));
    if (i < count) best = maximum(best, load_part(x + i, count - i, -__builtin_inff()));
    float lanes[vectorWidth];
    store(lanes, best);
    float result = lanes[0];
    for (int k = 1; k < vectorWidth; k++) result = lanes[k] > result || lanes[k] != lanes[k] ? lanes[k] : result;
    return result;
}

/// Σ exp(x - shift); the terms go to `terms` if it is not NULL, which may be x.
static float row_exponentials(const float *x, int64_t count, float shift, float *terms)
{
    vfloat sum = splat(0.0f);
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat e = vector_exp(load(x + i) - shift);
        if (terms) store(terms + i, e);
        sum += e;
    }
    if (i < count) {
        // Behind the row's end stands e^-infinity = 0.
        vfloat e = vector_exp(load_part(x + i, count - i, -__builtin_inff()) - shift);
        if (terms) store_part(terms + i, count - i, e);
        sum += e;
    }
    return horizontal_sum(sum);
}

static void softmax_forward_kernel(const float *x, int64_t classes, float *y, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * classes;
        float *result = y + r * classes;
        float scale = 1.0f / row_exponentials(row, classes, row_maximum(row, classes), result);
        for (int64_t i = 0; i < classes; i++) result[i] *= scale;
    }
}

static void softmax_backward_kernel(
    const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = y + r * classes, *g = gradient + r * classes;
        vfloat sum = splat(0.0f);
        int64_t k = 0;
        for (; k + vectorWidth <= classes; k += vectorWidth) sum = multiply_add(load(g + k), load(row + k), sum);
        if (k < classes) {
            sum = multiply_add(load_part(g + k, classes - k, 0.0f), load_part(row + k, classes - k, 0.0f), sum);
        }
        float total = horizontal_sum(sum);
        for (int64_t i = 0; i < classes; i++) inputGradient[r * classes + i] = row[i] * (g[i] - total);
    }
}

static void log_softmax_forward_kernel(const float *x, int64_t classes, float *y, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * classes;
        float largest = row_maximum(row, classes);
        float logarithm = logf(row_exponentials(row, classes, largest, NULL));
        // Two subtractions: largest + logarithm would lose the logarithm's digits where the logits are large.
        for (int64_t i = 0; i < classes; i++) y[r * classes + i] = row[i] - largest - logarithm;
    }
}

static void log_softmax_backward_kernel(
    const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = y + r * classes, *g = gradient + r * classes;
        float *result = inputGradient + r * classes;
        vfloat sum = splat(0.0f);
        int64_t i = 0;
        for (; i + vectorWidth <= classes; i += vectorWidth) sum += load(g + i);
        if (i < classes) sum += load_part(g + i, classes - i, 0.0f);
        vfloat total = splat(horizontal_sum(sum));
        i = 0;
        for (; i + vectorWidth <= classes; i += vectorWidth) {
            store(result + i, load(g + i) - vector_exp(load(row + i)) * total);
        }
        if (i < classes) {
            vfloat e = vector_exp(load_part(row + i, classes - i, 0.0f));
            store_part(result + i, classes - i, load_part(g + i, classes - i, 0.0f) - e * total);
        }
    }
}

#endif
