/// The gradient of batch normalisation where sixteen or eight channels lie side by side.
#ifndef APUS_BATCH_NORMALIZATION_COLUMNS_GRADIENT_KERNEL_H
#define APUS_BATCH_NORMALIZATION_COLUMNS_GRADIENT_KERNEL_H

#include "batch_normalization_columns.h"

/// The gradient of a row, where ReLU let it pass.
APUS_INLINE Lanes load_gradient(
    const float *dy, const float *reluResult, int64_t offset, const int64_t valid, const int vectors)
{
    Lanes g = load_lanes(dy + offset, valid, vectors);
    if (reluResult) {
        Lanes y = load_lanes(reluResult + offset, valid, vectors);
        APUS_FOR_LANES g.part[v] = y.part[v] > 0.0f ? g.part[v] : splat(0.0f);
    }
    return g;
}

APUS_INLINE void tile_gradient_sums(
    const float *x, const float *dy, const float *reluResult, const Tile *t, const int64_t valid, const int vectors,
    Lanes mean, double sums[lanesWidth], double products[lanesWidth])
{
    for (int i = 0; i < lanesWidth; i++) sums[i] = products[i] = 0.0;
    for (int64_t first = 0; first < t->rows; first += columnPiece) {
        int64_t end = smaller(t->rows, first + columnPiece);
        Lanes sum = {0}, product = {0};
        for (int64_t run = 0; run < t->runs; run++) {
            for (int64_t r = first; r < end; r++) {
                const int64_t place = run * t->runStride + r * t->rowStride;
                Lanes a = load_lanes(x + place, valid, vectors);
                Lanes g = load_gradient(dy, reluResult, place, valid, vectors);
                APUS_FOR_LANES {
                    sum.part[v] += g.part[v];
                    product.part[v] = multiply_add(g.part[v], a.part[v] - mean.part[v], product.part[v]);
                }
            }
        }
        double sumParts[lanesWidth], productParts[lanesWidth];
        lanes_to_doubles(sum, sumParts);
        lanes_to_doubles(product, productParts);
        for (int i = 0; i < lanesWidth; i++) {
            sums[i] += sumParts[i];
            products[i] += productParts[i];
        }
    }
}

APUS_INLINE void gradient_sums_of_tiles(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, double *sums, int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        Lanes m = load_lanes(mean + t.channel, t.valid, laneVectors);
        const float *own = x + t.offset, *dy = outputGradient + t.offset;
        const float *result = reluResult ? reluResult + t.offset : NULL;
        double a[lanesWidth], b[lanesWidth];
        if (t.valid == lanesWidth) {
            tile_gradient_sums(own, dy, result, &t, lanesWidth, laneVectors, m, a, b);
        } else if (t.valid == halfWidth) {
            tile_gradient_sums(own, dy, result, &t, halfWidth, halfVectors, m, a, b);
        } else {
            tile_gradient_sums(own, dy, result, &t, t.valid, laneVectors, m, a, b);
        }
        double *sum = sums + t.image * 2 * columns->channels + t.channel;
        memcpy(sum, a, (size_t)t.valid * sizeof(double));
        memcpy(sum + columns->channels, b, (size_t)t.valid * sizeof(double));
    }
}

static void column_gradient_sums_kernel(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, double *sums, int64_t begin, int64_t end)
{
    if (reluResult) {
        gradient_sums_of_tiles(columns, x, outputGradient, reluResult, mean, sums, begin, end);
    } else {
        gradient_sums_of_tiles(columns, x, outputGradient, NULL, mean, sums, begin, end);
    }
}

APUS_INLINE void tile_gradient(
    const float *x, const float *dy, const float *reluResult, const Tile *t, const int64_t valid, const int vectors,
    Lanes mean, Lanes scale, Lanes slope, Lanes offset, float *dx)
{
    for (int64_t run = 0; run < t->runs; run++) {
        for (int64_t r = 0; r < t->rows; r++) {
            const int64_t place = run * t->runStride + r * t->rowStride;
            Lanes a = load_lanes(x + place, valid, vectors);
            Lanes g = load_gradient(dy, reluResult, place, valid, vectors);
            APUS_FOR_LANES {
                vfloat centred = g.part[v] - offset.part[v];
                g.part[v] = (centred - (a.part[v] - mean.part[v]) * slope.part[v]) * scale.part[v];
            }
            store_lanes(dx + place, g, valid, vectors);
        }
    }
}

APUS_INLINE void gradient_of_tiles(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, const float *scale, const float *slope, const float *offset, float *inputGradient,
    int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        Lanes m = load_lanes(mean + t.channel, t.valid, laneVectors);
        Lanes s = load_lanes(scale + t.channel, t.valid, laneVectors);
        Lanes k = load_lanes(slope + t.channel, t.valid, laneVectors);
        Lanes o = load_lanes(offset + t.channel, t.valid, laneVectors);
        const float *own = x + t.offset, *dy = outputGradient + t.offset;
        const float *result = reluResult ? reluResult + t.offset : NULL;
        float *dx = inputGradient + t.offset;
        if (t.valid == lanesWidth) {
            tile_gradient(own, dy, result, &t, lanesWidth, laneVectors, m, s, k, o, dx);
        } else if (t.valid == halfWidth) {
            tile_gradient(own, dy, result, &t, halfWidth, halfVectors, m, s, k, o, dx);
        } else {
            tile_gradient(own, dy, result, &t, t.valid, laneVectors, m, s, k, o, dx);
        }
    }
}

static void column_gradient_kernel(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, const float *scale, const float *slope, const float *offset, float *inputGradient,
    int64_t begin, int64_t end)
{
    if (reluResult) {
        gradient_of_tiles(
            columns, x, outputGradient, reluResult, mean, scale, slope, offset, inputGradient, begin, end);
    } else {
        gradient_of_tiles(columns, x, outputGradient, NULL, mean, scale, slope, offset, inputGradient, begin, end);
    }
}

#endif
