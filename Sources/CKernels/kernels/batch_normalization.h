/// Batch normalisation where the elements of a channel lie side by side.
#ifndef APUS_BATCH_NORMALIZATION_KERNEL_H
#define APUS_BATCH_NORMALIZATION_KERNEL_H

#include <math.h>

#include "../include/batch_normalization.h"
#include "reduction.h"

enum {
    /// Floats of a piece: 4 KiB stay in the first-level cache between the two looks at them, and chains of additions
    /// stay short (16 to 128 a vector element); the pieces are joined in double precision.
    statisticsPiece = 1024,
};

/// Σ (x - centre) and Σ (x - centre)² of a piece.
static void centred_sums(const float *x, int64_t count, float centre, double *sum, double *squareSum)
{
    vfloat sums[stripVectors], squares[stripVectors];
    for (int v = 0; v < stripVectors; v++) sums[v] = squares[v] = splat(0.0f);
    int64_t i = 0;
    for (; i + stripWidth <= count; i += stripWidth) {
        APUS_UNROLL
        for (int v = 0; v < stripVectors; v++) {
            vfloat d = load(x + i + v * vectorWidth) - centre;
            sums[v] += d;
            squares[v] = multiply_add(d, d, squares[v]);
        }
    }
    *sum = horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    *squareSum = horizontal_sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
    for (; i < count; i++) {
        double d = x[i] - centre;
        *sum += d;
        *squareSum += d * d;
    }
}

/// What is known of the elements seen so far: their number, mean, and Σ (x - mean)².
typedef struct Moments {
    double count, mean, squares;
} Moments;

/// Joins the elements of a piece (Chan, Golub and LeVeque 1983).
APUS_INLINE void join_moments(Moments *m, double count, double mean, double squares)
{
    double delta = mean - m->mean, joined = m->count + count;
    m->mean += delta * (count / joined);
    m->squares += squares + delta * delta * (m->count * count / joined);
    m->count = joined;
}

static void add_moments(Moments *m, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i += statisticsPiece) {
        int64_t length = smaller(statisticsPiece, count - i);
        // The sum's rounding would spoil the differences between pieces: the rest about the centre corrects it.
        float centre = sum_contiguous(x + i, length) / (float)length;
        double rest, squares;
        centred_sums(x + i, length, centre, &rest, &squares);
        join_moments(m, length, centre + rest / (double)length, squares - rest * rest / (double)length);
    }
}

/// Mean and biased variance of contiguous floats; a single piece needs no joining.
static void moments(const float *x, int64_t count, float *mean, float *variance)
{
    if (count <= statisticsPiece) {
        float share = 1.0f / (float)count, centre = sum_contiguous(x, count) * share;
        double rest, squares;
        centred_sums(x, count, centre, &rest, &squares);
        *mean = (float)(centre + rest * share);
        *variance = (float)((squares - rest * rest * share) * share);
        return;
    }
    Moments all = {0};
    add_moments(&all, x, count);
    *mean = (float)all.mean;
    *variance = (float)(all.squares / all.count);
}

static void batch_statistics_kernel(
    const float *x, int64_t images, int64_t channels, int64_t plane, float *mean, float *variance, int64_t begin,
    int64_t end)
{
    for (int64_t c = begin; c < end; c++) {
        Moments all = {0};
        for (int64_t n = 0; n < images; n++) add_moments(&all, x + (n * channels + c) * plane, plane);
        mean[c] = (float)all.mean;
        variance[c] = (float)(all.squares / all.count);
    }
}

APUS_INLINE void normalize_plane(
    const float *x, int64_t count, float mean, float scale, float shift, const float *addend, const int adds,
    const int relu, float *y)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat v = multiply_add(load(x + i) - mean, splat(scale), splat(shift));
        if (adds) v += load(addend + i);
        store(y + i, relu ? (v < 0.0f ? splat(0.0f) : v) : v);
    }
    for (; i < count; i++) {
        float v = (x[i] - mean) * scale + shift;
        if (adds) v += addend[i];
        y[i] = relu && v < 0.0f ? 0.0f : v;
    }
}

static void batch_normalize_kernel(
    const float *x, int64_t images, int64_t channels, int64_t plane, const float *mean, const float *variance,
    float epsilon, const float *weight, const float *bias, const float *addend, int relu, float *y, int64_t begin,
    int64_t end)
{
    for (int64_t c = begin; c < end; c++) {
        float scale = (weight ? weight[c] : 1.0f) / sqrtf(variance[c] + epsilon);
        float shift = bias ? bias[c] : 0.0f;
        for (int64_t n = 0; n < images; n++) {
            int64_t offset = (n * channels + c) * plane;
            const float *own = x + offset;
            if (relu && addend) {
                normalize_plane(own, plane, mean[c], scale, shift, addend + offset, 1, 1, y + offset);
            } else if (relu) {
                normalize_plane(own, plane, mean[c], scale, shift, NULL, 0, 1, y + offset);
            } else if (addend) {
                normalize_plane(own, plane, mean[c], scale, shift, addend + offset, 1, 0, y + offset);
            } else {
                normalize_plane(own, plane, mean[c], scale, shift, NULL, 0, 0, y + offset);
            }
        }
    }
}

/// Adds Σ dy and Σ dy·(x - mean) of a plane to two sums.
APUS_INLINE void gradient_sums(
    const float *x, const float *dy, const float *reluResult, int64_t count, float mean, const int relu,
    double *gradientSum, double *productSum)
{
    for (int64_t piece = 0; piece < count; piece += statisticsPiece) {
        int64_t end = smaller(count, piece + statisticsPiece), i = piece;
        vfloat a[2] = {splat(0.0f), splat(0.0f)}, b[2] = {splat(0.0f), splat(0.0f)};
        for (; i + 2 * vectorWidth <= end; i += 2 * vectorWidth) {
            APUS_UNROLL
            for (int v = 0; v < 2; v++) {
                int64_t k = i + v * vectorWidth;
                vfloat g = load(dy + k);
                if (relu) g = load(reluResult + k) > 0.0f ? g : splat(0.0f);
                a[v] += g;
                b[v] = multiply_add(g, load(x + k) - mean, b[v]);
            }
        }
        *gradientSum += horizontal_sum(a[0] + a[1]);
        *productSum += horizontal_sum(b[0] + b[1]);
        for (; i < end; i++) {
            float g = relu && !(reluResult[i] > 0.0f) ? 0.0f : dy[i];
            *gradientSum += g;
            *productSum += (double)g * (x[i] - mean);
        }
    }
}

/// dx = (dy · weight - offset - (x - mean) · slope) · inverse: what nearly cancels is subtracted before it is scaled.
APUS_INLINE void gradient_plane(
    const float *x, const float *dy, const float *reluResult, int64_t count, float mean, float weight, float slope,
    float offset, float inverse, const int relu, float *dx)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat g = load(dy + i);
        if (relu) g = load(reluResult + i) > 0.0f ? g : splat(0.0f);
        g = multiply_add(g, splat(weight), splat(-offset));
        store(dx + i, (g - (load(x + i) - mean) * slope) * inverse);
    }
    for (; i < count; i++) {
        float g = relu && !(reluResult[i] > 0.0f) ? 0.0f : dy[i];
        dx[i] = ((g * weight - offset) - (x[i] - mean) * slope) * inverse;
    }
}

static void batch_normalization_backward_kernel(
    const float *x, const float *outputGradient, const float *reluResult, int64_t images, int64_t channels,
    int64_t plane, const float *mean, const float *variance, float epsilon, const float *weight, int training,
    float *inputGradient, float *weightGradient, float *biasGradient, int64_t begin, int64_t end)
{
    for (int64_t c = begin; c < end; c++) {
        double gradientSum = 0.0, productSum = 0.0;
        float m = mean[c];
        for (int64_t n = 0; n < images && (training || weightGradient || biasGradient); n++) {
            int64_t offset = (n * channels + c) * plane;
            if (reluResult) {
                gradient_sums(
                    x + offset, outputGradient + offset, reluResult + offset, plane, m, 1, &gradientSum, &productSum);
            } else {
                gradient_sums(x + offset, outputGradient + offset, NULL, plane, m, 0, &gradientSum, &productSum);
            }
        }
        double inverse = 1.0 / sqrt((double)variance[c] + epsilon), count = (double)images * (double)plane;
        if (biasGradient) biasGradient[c] = (float)gradientSum;
        if (weightGradient) weightGradient[c] = (float)(productSum * inverse);
        if (!inputGradient) continue;
        // dx = (dy - mean(dy) - (x - mean) · slope) · scale
        float scale = (float)((weight ? weight[c] : 1.0f) * inverse);
        float slope = training ? (float)(inverse * inverse * productSum / count) : 0.0f;
        float offset = training ? (float)(gradientSum / count) : 0.0f;
        for (int64_t n = 0; n < images; n++) {
            int64_t k = (n * channels + c) * plane;
            const float *dy = outputGradient + k;
            float *dx = inputGradient + k;
            if (reluResult) {
                gradient_plane(x + k, dy, reluResult + k, plane, m, 1.0f, slope, offset, scale, 1, dx);
            } else {
                gradient_plane(x + k, dy, NULL, plane, m, 1.0f, slope, offset, scale, 0, dx);
            }
        }
    }
}

#endif
