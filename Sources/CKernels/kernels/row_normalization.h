/// Normalisation of rows.
#ifndef APUS_ROW_NORMALIZATION_KERNEL_H
#define APUS_ROW_NORMALIZATION_KERNEL_H

#include <math.h>

#include "../include/row_normalization.h"
#include "batch_normalization.h"

enum {
    /// Columns whose sums stay in the first-level cache while rows pass by.
    weightGradientColumns = 512,
    /// Rows that one chain of additions in single precision takes.
    weightGradientRows = 64,
};

/// The mean of the squares of contiguous floats.
static double mean_square(const float *x, int64_t count)
{
    double total = 0.0;
    for (int64_t piece = 0; piece < count; piece += statisticsPiece) {
        double sum, squares;
        centred_sums(x + piece, smaller(statisticsPiece, count - piece), 0.0f, &sum, &squares);
        total += squares;
    }
    return total / (double)count;
}

/// y = (x - mean) · inverse · weight + bias, where each element has its own weight and bias.
APUS_INLINE void normalize_elements(
    const float *x, int64_t count, float mean, float inverse, const float *weight, const float *bias, float *y)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat v = (load(x + i) - mean) * inverse;
        if (weight) v = v * load(weight + i);
        if (bias) v = v + load(bias + i);
        store(y + i, v);
    }
    for (; i < count; i++) {
        float v = (x[i] - mean) * inverse;
        if (weight) v = v * weight[i];
        if (bias) v = v + bias[i];
        y[i] = v;
    }
}

static void normalize_rows_kernel(
    const ApusRowNormalization *n, const float *x, const float *weight, const float *bias, float *y, float *mean,
    float *variance, float *inverse, int64_t begin, int64_t end)
{
    int64_t length = n->channels * n->run;
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * length;
        if (n->subtractsMean) {
            moments(row, length, mean + r, variance + r);
        } else {
            mean[r] = 0.0f;
            variance[r] = (float)mean_square(row, length);
        }
        float m = mean[r], scale = 1.0f / sqrtf(variance[r] + n->epsilon);
        inverse[r] = scale;
        int64_t first = r % n->groups * n->channels;
        const float *w = weight ? weight + first : NULL, *b = bias ? bias + first : NULL;
        float *result = y + r * length;
        if (n->run == 1) {
            if (w && b) {
                normalize_elements(row, length, m, scale, w, b, result);
            } else if (w) {
                normalize_elements(row, length, m, scale, w, NULL, result);
            } else if (b) {
                normalize_elements(row, length, m, scale, NULL, b, result);
            } else {
                normalize_elements(row, length, m, scale, NULL, NULL, result);
            }
            continue;
        }
        for (int64_t c = 0; c < n->channels; c++) {
            normalize_plane(
                row + c * n->run, n->run, m, w ? scale * w[c] : scale, b ? b[c] : 0.0f, NULL, 0, 0,
                result + c * n->run);
        }
    }
}

/// Σ g and Σ g · (x - mean) of a row whose elements have their own weights, and adds dy · x̂ and dy to sums.
APUS_INLINE void row_gradient_sums(
    const float *x, const float *dy, int64_t count, float mean, float inverse, const float *weight,
    float *scaledSums, float *plainSums, double *gradientSum, double *productSum)
{
    for (int64_t piece = 0; piece < count; piece += statisticsPiece) {
        int64_t end = smaller(count, piece + statisticsPiece), i = piece;
        vfloat a = splat(0.0f), b = splat(0.0f);
        for (; i + vectorWidth <= end; i += vectorWidth) {
            vfloat d = load(dy + i), centred = load(x + i) - mean;
            vfloat g = weight ? d * load(weight + i) : d;
            a += g;
            b = multiply_add(g, centred, b);
            if (scaledSums) {
                store(scaledSums + i, multiply_add(d, centred * inverse, load(scaledSums + i)));
                store(plainSums + i, load(plainSums + i) + d);
            }
        }
        *gradientSum += horizontal_sum(a);
        *productSum += horizontal_sum(b);
        for (; i < end; i++) {
            float centred = x[i] - mean, g = weight ? dy[i] * weight[i] : dy[i];
            *gradientSum += g;
            *productSum += (double)g * centred;
            if (scaledSums) {
                scaledSums[i] += dy[i] * (centred * inverse);
                plainSums[i] += dy[i];
            }
        }
    }
}

/// dx = (dy · weight - offset - (x - mean) · slope) · inverse, where each element has its own weight.
APUS_INLINE void row_gradient(
    const float *x, const float *dy, int64_t count, float mean, float inverse, const float *weight, float slope,
    float offset, float *dx)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat g = load(dy + i);
        if (weight) g = g * load(weight + i);
        store(dx + i, ((g - offset) - (load(x + i) - mean) * slope) * inverse);
    }
    for (; i < count; i++) {
        float g = weight ? dy[i] * weight[i] : dy[i];
        dx[i] = ((g - offset) - (x[i] - mean) * slope) * inverse;
    }
}

static void normalize_rows_backward_kernel(
    const ApusRowNormalization *n, const float *x, const float *outputGradient, const float *weight,
    const float *mean, const float *inverse, float *inputGradient, float *sums, double *channelSums, int64_t begin,
    int64_t end)
{
    int64_t length = n->channels * n->run, columns = n->groups * n->channels;
    for (int64_t r = begin; r < end; r++) {
        const float *row = x + r * length, *dy = outputGradient + r * length;
        float *dx = inputGradient + r * length, m = mean[r], scale = inverse[r];
        int64_t first = r % n->groups * n->channels;
        const float *w = weight ? weight + first : NULL;
        double gradientSum = 0.0, productSum = 0.0;
        if (n->run == 1) {
            float *scaled = sums ? sums + first : NULL, *plain = sums ? sums + columns + first : NULL;
            if (w && scaled) {
                row_gradient_sums(row, dy, length, m, scale, w, scaled, plain, &gradientSum, &productSum);
            } else if (scaled) {
                row_gradient_sums(row, dy, length, m, scale, NULL, scaled, plain, &gradientSum, &productSum);
            } else if (w) {
                row_gradient_sums(row, dy, length, m, scale, w, NULL, NULL, &gradientSum, &productSum);
            } else {
                row_gradient_sums(row, dy, length, m, scale, NULL, NULL, NULL, &gradientSum, &productSum);
            }
        } else {
            for (int64_t c = 0; c < n->channels; c++) {
                double a = 0.0, b = 0.0;
                gradient_sums(row + c * n->run, dy + c * n->run, NULL, n->run, m, 0, &a, &b);
                gradientSum += w ? w[c] * a : a;
                productSum += w ? w[c] * b : b;
                if (channelSums) {
                    channelSums[(r * n->channels + c) * 2] = b * scale;
                    channelSums[(r * n->channels + c) * 2 + 1] = a;
                }
            }
        }
        float slope = (float)(productSum / (double)length * scale * scale);
        float offset = n->subtractsMean ? (float)(gradientSum / (double)length) : 0.0f;
        if (n->run == 1) {
            if (w) {
                row_gradient(row, dy, length, m, scale, w, slope, offset, dx);
            } else {
                row_gradient(row, dy, length, m, scale, NULL, slope, offset, dx);
            }
            continue;
        }
        for (int64_t c = 0; c < n->channels; c++) {
            int64_t k = c * n->run;
            gradient_plane(row + k, dy + k, NULL, n->run, m, w ? w[c] : 1.0f, slope, offset, scale, 0, dx + k);
        }
    }
}

static void normalize_rows_weight_gradient_kernel(
    const ApusRowNormalization *n, const float *x, const float *outputGradient, const float *mean,
    const float *inverse, int64_t rows, float *weightGradient, float *biasGradient, int64_t begin, int64_t end)
{
    int64_t length = n->channels;
    for (int64_t first = begin; first < end;) {
        int64_t group = first / length, column = first % length;
        int64_t count = smaller(smaller(weightGradientColumns, end - first), length - column);
        double scaledTotals[weightGradientColumns] = {0}, plainTotals[weightGradientColumns] = {0};
        for (int64_t block = group; block < rows; block += weightGradientRows * n->groups) {
            float scaled[weightGradientColumns] = {0}, plain[weightGradientColumns] = {0};
            int64_t last = smaller(rows, block + weightGradientRows * n->groups);
            for (int64_t r = block; r < last; r += n->groups) {
                const float *row = x + r * length + column, *dy = outputGradient + r * length + column;
                float m = mean[r], scale = inverse[r];
                for (int64_t i = 0; i < count; i++) {
                    scaled[i] += dy[i] * ((row[i] - m) * scale);
                    plain[i] += dy[i];
                }
            }
            for (int64_t i = 0; i < count; i++) {
                scaledTotals[i] += scaled[i];
                plainTotals[i] += plain[i];
            }
        }
        for (int64_t i = 0; i < count; i++) {
            if (weightGradient) weightGradient[first + i] = (float)scaledTotals[i];
            if (biasGradient) biasGradient[first + i] = (float)plainTotals[i];
        }
        first += count;
    }
}

#endif
