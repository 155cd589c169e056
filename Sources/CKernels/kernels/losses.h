/// Losses over classes and of probabilities.
#ifndef APUS_LOSSES_KERNEL_H
#define APUS_LOSSES_KERNEL_H

#include "../include/losses.h"
#include "softmax.h"
#include "vector_math.h"

enum {
    /// The most positions that are worked on at once; and what their classes may take of the second-level cache.
    planePositions = 256,
    planeBlockFloats = 32768,
};

/// The number of positions at `position` of outer · inner to work on at once: neighbours within one plane.
APUS_INLINE int64_t plane_block(int64_t position, int64_t end, int64_t classes, int64_t inner)
{
    int64_t limit = planeBlockFloats / classes / vectorWidth * vectorWidth;
    limit = larger(vectorWidth, smaller(limit, planePositions));
    return smaller(smaller(limit, end - position), inner - position % inner);
}

/// A vector's worth of positions, or what is left of a block; behind its end stand zeros.
APUS_INLINE vfloat load_up_to(const float *p, int64_t count)
{
    return count >= vectorWidth ? load(p) : load_part(p, count, 0.0f);
}

APUS_INLINE void store_up_to(float *p, int64_t count, vfloat v)
{
    if (count >= vectorWidth) {
        store(p, v);
    } else {
        store_part(p, count, v);
    }
}

APUS_INLINE void plane_softmax_block(
    const int logarithm, const float *x, int64_t classes, int64_t inner, float *y, int64_t count)
{
    float largest[planePositions], sums[planePositions];
    for (int64_t i = 0; i < count; i += vectorWidth) {
        vfloat best = splat(-__builtin_inff());
        for (int64_t c = 0; c < classes; c++) best = maximum(best, load_up_to(x + c * inner + i, count - i));
        store(largest + i, best);
        store(sums + i, splat(0.0f));
    }
    for (int64_t c = 0; c < classes; c++) {
        for (int64_t i = 0; i < count; i += vectorWidth) {
            vfloat e = vector_exp(load_up_to(x + c * inner + i, count - i) - load(largest + i));
            if (!logarithm) store_up_to(y + c * inner + i, count - i, e);
            store(sums + i, load(sums + i) + e);
        }
    }
    for (int64_t i = 0; i < count; i += vectorWidth) {
        store(sums + i, logarithm ? vector_log(load(sums + i)) : 1.0f / load(sums + i));
    }
    for (int64_t c = 0; c < classes; c++) {
        for (int64_t i = 0; i < count; i += vectorWidth) {
            float *result = y + c * inner + i;
            // Two subtractions: their sum would lose the logarithm's digits where the logits are large.
            vfloat r = logarithm ? load_up_to(x + c * inner + i, count - i) - load(largest + i) - load(sums + i)
                                 : load_up_to(result, count - i) * load(sums + i);
            store_up_to(result, count - i, r);
        }
    }
}

static void plane_softmax_forward_kernel(
    int logarithm, const float *x, int64_t classes, int64_t inner, float *y, int64_t begin, int64_t end)
{
    for (int64_t position = begin, count; position < end; position += count) {
        count = plane_block(position, end, classes, inner);
        int64_t offset = position / inner * classes * inner + position % inner;
        if (logarithm) {
            plane_softmax_block(1, x + offset, classes, inner, y + offset, count);
        } else {
            plane_softmax_block(0, x + offset, classes, inner, y + offset, count);
        }
    }
}

static void plane_softmax_backward_kernel(
    int logarithm, const float *y, const float *gradient, int64_t classes, int64_t inner, float *inputGradient,
    int64_t begin, int64_t end)
{
    float sums[planePositions];
    for (int64_t position = begin, count; position < end; position += count) {
        count = plane_block(position, end, classes, inner);
        int64_t offset = position / inner * classes * inner + position % inner;
        for (int64_t i = 0; i < count; i += vectorWidth) store(sums + i, splat(0.0f));
        for (int64_t c = 0; c < classes; c++) {
            int64_t row = offset + c * inner;
            for (int64_t i = 0; i < count; i += vectorWidth) {
                vfloat g = load_up_to(gradient + row + i, count - i);
                if (!logarithm) g *= load_up_to(y + row + i, count - i);
                store(sums + i, load(sums + i) + g);
            }
        }
        for (int64_t c = 0; c < classes; c++) {
            int64_t row = offset + c * inner;
            for (int64_t i = 0; i < count; i += vectorWidth) {
                vfloat value = load_up_to(y + row + i, count - i), g = load_up_to(gradient + row + i, count - i);
                vfloat sum = load(sums + i);
                vfloat r = logarithm ? g - vector_exp(value) * sum : value * (g - sum);
                store_up_to(inputGradient + row + i, count - i, r);
            }
        }
    }
}

static void nll_forward_kernel(
    const float *x, const int64_t *labels, const float *weight, int64_t classes, int64_t inner, int64_t ignoreIndex,
    float *losses, float *weights, int64_t begin, int64_t end)
{
    for (int64_t s = begin; s < end; s++) {
        int64_t label = labels[s];
        if (label == ignoreIndex) {
            losses[s] = weights[s] = 0.0f;
            continue;
        }
        float w = weight ? weight[label] : 1.0f;
        weights[s] = w;
        losses[s] = -w * x[(s / inner * classes + label) * inner + s % inner];
    }
}

static void nll_backward_kernel(
    const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t inner,
    int64_t ignoreIndex, float *inputGradient, int64_t begin, int64_t end)
{
    for (int64_t s = begin; s < end; s++) {
        int64_t label = labels[s];
        if (label == ignoreIndex) continue;
        inputGradient[(s / inner * classes + label) * inner + s % inner] = -(weight ? weight[label] : 1.0f) * gradient[s];
    }
}

/// The factor of a sample's softmax in its gradient.
APUS_INLINE float class_factor(int64_t label, const float *weight, int64_t ignoreIndex, float gradient)
{
    if (label == ignoreIndex) return 0.0f;
    return weight ? weight[label] * gradient : gradient;
}

static void cross_entropy_backward_kernel(
    const float *y, const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t inner,
    int64_t ignoreIndex, float *inputGradient, int64_t begin, int64_t end)
{
    if (inner == 1) {
        for (int64_t s = begin; s < end; s++) {
            float factor = class_factor(labels[s], weight, ignoreIndex, gradient[s]);
            const float *row = y + s * classes;
            float *result = inputGradient + s * classes;
            for (int64_t c = 0; c < classes; c += vectorWidth) {
                store_up_to(result + c, classes - c, vector_exp(load_up_to(row + c, classes - c)) * factor);
            }
            if (labels[s] != ignoreIndex) result[labels[s]] -= factor;
        }
        return;
    }
    float factors[planePositions];
    for (int64_t position = begin, count; position < end; position += count) {
        count = plane_block(position, end, classes, inner);
        int64_t offset = position / inner * classes * inner + position % inner;
        for (int64_t i = 0; i < count; i++) {
            factors[i] = class_factor(labels[position + i], weight, ignoreIndex, gradient[position + i]);
        }
        for (int64_t c = 0; c < classes; c++) {
            int64_t row = offset + c * inner;
            for (int64_t i = 0; i < count; i += vectorWidth) {
                vfloat factor = load_up_to(factors + i, count - i);
                store_up_to(inputGradient + row + i, count - i, vector_exp(load_up_to(y + row + i, count - i)) * factor);
            }
        }
        for (int64_t i = 0; i < count; i++) {
            int64_t label = labels[position + i];
            if (label != ignoreIndex) inputGradient[offset + label * inner + i] -= factors[i];
        }
    }
}

/// ln(1 - x) for x in 0 ... 1, accurate near 0: the logarithm of the rounded difference, and what rounding took.
APUS_INLINE vfloat log_of_complement(vfloat x)
{
    vfloat u = 1.0f - x;
    vfloat lost = ((1.0f - u) - x) / u;
    return vector_log(u) + (u == 0.0f ? splat(0.0f) : lost);
}

APUS_INLINE vfloat binary_cross_entropy_of(vfloat x, vfloat y)
{
    vfloat no = maximum(log_of_complement(x), splat(-100.0f)), yes = maximum(vector_log(x), splat(-100.0f));
    return (y - 1.0f) * no - y * yes;
}

APUS_INLINE int is_probability(float p) { return p >= 0.0f && p <= 1.0f; }

static void binary_cross_entropy_kernel(
    const float *x, const float *y, float *losses, int64_t *outside, int64_t begin, int64_t end)
{
    *outside = -1;
    for (int64_t i = begin; i < end; i += vectorWidth) {
        int64_t count = smaller(vectorWidth, end - i);
        vfloat input = load_up_to(x + i, count), target = load_up_to(y + i, count);
        vfloat inside = one_where((input >= 0.0f) & (input <= 1.0f) & (target >= 0.0f) & (target <= 1.0f));
        if (horizontal_sum(inside) != (float)vectorWidth) {
            for (int64_t k = i; k < i + count; k++) {
                if (is_probability(x[k]) && is_probability(y[k])) continue;
                *outside = k;
                return;
            }
        }
        store_up_to(losses + i, count, binary_cross_entropy_of(input, target));
    }
}

static void variance_floor_kernel(
    const float *x, float floor, float *y, int64_t *negative, int64_t begin, int64_t end)
{
    int isAnyNegative = 0;
    for (int64_t i = begin; i < end; i++) {
        isAnyNegative |= x[i] < 0.0f;
        y[i] = x[i] < floor ? floor : x[i];
    }
    *negative = -1;
    for (int64_t i = begin; isAnyNegative && i < end; i++) {
        if (x[i] < 0.0f) {
            *negative = i;
            break;
        }
    }
}

/// Marks the classes of a row that are none of its labels with 1; returns the number of labels.
static int64_t mark_other_classes(const int64_t *labels, int64_t classes, float *isOther)
{
    for (int64_t c = 0; c < classes; c++) isOther[c] = 1.0f;
    int64_t count = 0;
    while (count < classes && labels[count] >= 0) isOther[labels[count++]] = 0.0f;
    return count;
}

static void multilabel_margin_forward_kernel(
    const float *x, const int64_t *labels, int64_t classes, float *losses, float *scratch, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * classes;
        int64_t count = mark_other_classes(labels + r * classes, classes, scratch);
        double total = 0.0;
        for (int64_t j = 0; j < count; j++) {
            vfloat distance = splat(1.0f - row[labels[r * classes + j]]), sum = splat(0.0f);
            for (int64_t c = 0; c < classes; c += vectorWidth) {
                vfloat z = distance + load_up_to(row + c, classes - c);
                sum += ((z > 0.0f) & (load_up_to(scratch + c, classes - c) > 0.0f)) ? z : splat(0.0f);
            }
            total += horizontal_sum(sum);
        }
        losses[r] = (float)(total / (double)classes);
    }
}

static void multilabel_margin_backward_kernel(
    const float *gradient, const float *x, const int64_t *labels, int64_t classes, float *inputGradient, float *scratch,
    int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * classes;
        float *result = inputGradient + r * classes;
        int64_t count = mark_other_classes(labels + r * classes, classes, scratch);
        float slope = gradient[r] / (float)classes;
        memset(result, 0, (size_t)classes * sizeof(float));
        for (int64_t j = 0; j < count; j++) {
            int64_t label = labels[r * classes + j];
            vfloat distance = splat(1.0f - row[label]), active = splat(0.0f);
            for (int64_t c = 0; c < classes; c += vectorWidth) {
                vfloat z = distance + load_up_to(row + c, classes - c);
                vfloat one = one_where((z > 0.0f) & (load_up_to(scratch + c, classes - c) > 0.0f));
                active += one;
                store_up_to(result + c, classes - c, load_up_to(result + c, classes - c) + one * slope);
            }
            // Labels get nothing from the loop above.
            result[label] -= horizontal_sum(active) * slope;
        }
    }
}

#endif
