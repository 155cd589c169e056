/// Batch normalisation in the plain layout.
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

static void batch_statistics_kernel(
    const float *x, int64_t images, int64_t channels, int64_t plane, float *mean, float *variance, int64_t begin,
    int64_t end)
{
    for (int64_t c = begin; c < end; c++) {
        double total = 0.0, average = 0.0, squares = 0.0;
        for (int64_t n = 0; n < images; n++) {
            const float *source = x + (n * channels + c) * plane;
            for (int64_t i = 0; i < plane; i += statisticsPiece) {
                int64_t count = smaller(statisticsPiece, plane - i);
                // The sum's rounding would spoil the differences between pieces: the rest about the centre corrects it.
                float centre = sum_contiguous(source + i, count) / (float)count;
                double rest, squaresAboutCentre;
                centred_sums(source + i, count, centre, &rest, &squaresAboutCentre);
                double pieceMean = centre + rest / (double)count;
                double pieceSquares = squaresAboutCentre - rest * rest / (double)count;
                double delta = pieceMean - average, joined = total + count;
                average += delta * (count / joined);
                squares += pieceSquares + delta * delta * (total * count / joined);
                total = joined;
            }
        }
        mean[c] = (float)average;
        variance[c] = (float)(squares / total);
    }
}

APUS_INLINE void normalize_plane(
    const float *x, int64_t count, float mean, float scale, float shift, const int relu, float *y)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat v = multiply_add(load(x + i) - mean, splat(scale), splat(shift));
        store(y + i, relu ? (v < 0.0f ? splat(0.0f) : v) : v);
    }
    for (; i < count; i++) {
        float v = (x[i] - mean) * scale + shift;
        y[i] = relu && v < 0.0f ? 0.0f : v;
    }
}

static void batch_normalize_kernel(
    const float *x, int64_t images, int64_t channels, int64_t plane, const float *mean, const float *variance,
    float epsilon, const float *weight, const float *bias, int relu, float *y, int64_t begin, int64_t end)
{
    for (int64_t c = begin; c < end; c++) {
        float scale = (weight ? weight[c] : 1.0f) / sqrtf(variance[c] + epsilon);
        float shift = bias ? bias[c] : 0.0f;
        for (int64_t n = 0; n < images; n++) {
            int64_t offset = (n * channels + c) * plane;
            if (relu) {
                normalize_plane(x + offset, plane, mean[c], scale, shift, 1, y + offset);
            } else {
                normalize_plane(x + offset, plane, mean[c], scale, shift, 0, y + offset);
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

/// dx = scale · dy - (x - mean) · slope - offset
APUS_INLINE void gradient_plane(
    const float *x, const float *dy, const float *reluResult, int64_t count, float mean, float scale, float slope,
    float offset, const int relu, float *dx)
{
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat g = load(dy + i);
        if (relu) g = load(reluResult + i) > 0.0f ? g : splat(0.0f);
        store(dx + i, multiply_add(g, splat(scale), -multiply_add(load(x + i) - mean, splat(slope), splat(offset))));
    }
    for (; i < count; i++) {
        float g = relu && !(reluResult[i] > 0.0f) ? 0.0f : dy[i];
        dx[i] = g * scale - ((x[i] - mean) * slope + offset);
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
        double inverse = 1.0 / sqrt((double)variance[c] + epsilon);
        double scale = (weight ? weight[c] : 1.0f) * inverse, count = (double)images * (double)plane;
        if (biasGradient) biasGradient[c] = (float)gradientSum;
        if (weightGradient) weightGradient[c] = (float)(productSum * inverse);
        if (!inputGradient) continue;
        float slope = training ? (float)(scale * inverse * inverse * productSum / count) : 0.0f;
        float shift = training ? (float)(scale * gradientSum / count) : 0.0f;
        for (int64_t n = 0; n < images; n++) {
            int64_t k = (n * channels + c) * plane;
            const float *dy = outputGradient + k;
            float *dx = inputGradient + k;
            if (reluResult) {
                gradient_plane(x + k, dy, reluResult + k, plane, m, (float)scale, slope, shift, 1, dx);
            } else {
                gradient_plane(x + k, dy, NULL, plane, m, (float)scale, slope, shift, 0, dx);
            }
        }
    }
}

#endif
