/// Batch normalisation where sixteen channels lie side by side.
#ifndef APUS_BATCH_NORMALIZATION_COLUMNS_KERNEL_H
#define APUS_BATCH_NORMALIZATION_COLUMNS_KERNEL_H

#include "../include/batch_normalization_columns.h"
#include "batch_normalization.h"

enum {
    /// Rows of a piece: 64 lines of the first-level cache, and 64 additions in a chain.
    columnPiece = 64,
    laneVectors = lanesWidth / vectorWidth,
};

/// Sixteen neighbouring numbers.
typedef struct Lanes {
    vfloat part[laneVectors];
} Lanes;

/// Loads `valid` of sixteen numbers; the rest is 0.
APUS_INLINE Lanes load_lanes(const float *p, const int64_t valid)
{
    Lanes lanes;
    float padded[lanesWidth] = {0};
    if (valid < lanesWidth) {
        memcpy(padded, p, (size_t)valid * sizeof(float));
        p = padded;
    }
    APUS_UNROLL
    for (int v = 0; v < laneVectors; v++) lanes.part[v] = load(p + v * vectorWidth);
    return lanes;
}

APUS_INLINE void store_lanes(float *p, Lanes lanes, const int64_t valid)
{
    float padded[lanesWidth];
    float *target = valid < lanesWidth ? padded : p;
    APUS_UNROLL
    for (int v = 0; v < laneVectors; v++) store(target + v * vectorWidth, lanes.part[v]);
    if (valid < lanesWidth) memcpy(p, padded, (size_t)valid * sizeof(float));
}

APUS_INLINE void lanes_to_doubles(Lanes lanes, double result[lanesWidth])
{
    float single[lanesWidth];
    store_lanes(single, lanes, lanesWidth);
    for (int i = 0; i < lanesWidth; i++) result[i] = single[i];
}

#define APUS_FOR_LANES APUS_UNROLL for (int v = 0; v < laneVectors; v++)

/// Where a tile lies.
typedef struct Tile {
    int64_t offset, rows, image, channel, valid;
} Tile;

APUS_INLINE Tile tile_at(const ApusChannelColumns *c, int64_t index)
{
    int64_t blocks = (c->channels + lanesWidth - 1) / lanesWidth, image = index / blocks, block = index % blocks;
    return (Tile){
        .offset = image * c->imageStride + block * c->blockStride,
        .rows = image == c->images - 1 ? c->lastRows : c->rows,
        .image = image,
        .channel = block * lanesWidth,
        .valid = smaller(lanesWidth, c->channels - block * lanesWidth),
    };
}

APUS_INLINE void tile_moments(
    const float *x, int64_t rows, int64_t stride, const int64_t valid, double mean[lanesWidth],
    double squares[lanesWidth])
{
    double total = 0.0;
    for (int i = 0; i < lanesWidth; i++) mean[i] = squares[i] = 0.0;
    for (int64_t first = 0; first < rows; first += columnPiece) {
        int64_t count = smaller(columnPiece, rows - first);
        const float *piece = x + first * stride;
        Lanes centre, rest, square;
        APUS_FOR_LANES centre.part[v] = rest.part[v] = square.part[v] = splat(0.0f);
        for (int64_t r = 0; r < count; r++) {
            Lanes row = load_lanes(piece + r * stride, valid);
            APUS_FOR_LANES centre.part[v] += row.part[v];
        }
        APUS_FOR_LANES centre.part[v] *= 1.0f / (float)count;
        // The sum's rounding would spoil the differences between pieces: the rest about the centre corrects it.
        for (int64_t r = 0; r < count; r++) {
            Lanes row = load_lanes(piece + r * stride, valid);
            APUS_FOR_LANES {
                vfloat d = row.part[v] - centre.part[v];
                rest.part[v] += d;
                square.part[v] = multiply_add(d, d, square.part[v]);
            }
        }
        double centres[lanesWidth], rests[lanesWidth], pieceSquares[lanesWidth];
        lanes_to_doubles(centre, centres);
        lanes_to_doubles(rest, rests);
        lanes_to_doubles(square, pieceSquares);
        double joined = total + (double)count, share = (double)count / joined, weight = total * share;
        double each = 1.0 / (double)count;
        for (int i = 0; i < lanesWidth; i++) {
            double delta = centres[i] + rests[i] * each - mean[i];
            mean[i] += delta * share;
            squares[i] += pieceSquares[i] - rests[i] * rests[i] * each + delta * delta * weight;
        }
        total = joined;
    }
}

static void column_moments_kernel(
    const ApusChannelColumns *columns, const float *x, double *moments, int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile tile = tile_at(columns, index);
        double mean[lanesWidth], squares[lanesWidth];
        if (tile.valid == lanesWidth) {
            tile_moments(x + tile.offset, tile.rows, columns->rowStride, lanesWidth, mean, squares);
        } else {
            tile_moments(x + tile.offset, tile.rows, columns->rowStride, tile.valid, mean, squares);
        }
        double *result = moments + tile.image * 2 * columns->channels + tile.channel;
        memcpy(result, mean, (size_t)tile.valid * sizeof(double));
        memcpy(result + columns->channels, squares, (size_t)tile.valid * sizeof(double));
    }
}

static void column_statistics_kernel(
    const ApusChannelColumns *c, const double *moments, float *mean, float *variance, int64_t begin, int64_t end)
{
    for (int64_t channel = begin; channel < end; channel++) {
        Moments all = {0};
        for (int64_t n = 0; n < c->images; n++) {
            const double *image = moments + n * 2 * c->channels + channel;
            join_moments(&all, n == c->images - 1 ? c->lastRows : c->rows, image[0], image[c->channels]);
        }
        mean[channel] = (float)all.mean;
        variance[channel] = (float)(all.squares / all.count);
    }
}

APUS_INLINE void normalize_tile(
    const float *x, int64_t rows, int64_t stride, const int64_t valid, Lanes mean, Lanes scale, Lanes shift, float *y)
{
    for (int64_t r = 0; r < rows; r++) {
        Lanes row = load_lanes(x + r * stride, valid);
        APUS_FOR_LANES row.part[v] = multiply_add(row.part[v] - mean.part[v], scale.part[v], shift.part[v]);
        store_lanes(y + r * stride, row, valid);
    }
}

static void column_normalize_kernel(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    float *y, int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        Lanes m = load_lanes(mean + t.channel, t.valid), s = load_lanes(scale + t.channel, t.valid);
        Lanes d = load_lanes(shift + t.channel, t.valid);
        if (t.valid == lanesWidth) {
            normalize_tile(x + t.offset, t.rows, columns->rowStride, lanesWidth, m, s, d, y + t.offset);
        } else {
            normalize_tile(x + t.offset, t.rows, columns->rowStride, t.valid, m, s, d, y + t.offset);
        }
    }
}

APUS_INLINE void tile_gradient_sums(
    const float *x, const float *dy, int64_t rows, int64_t stride, const int64_t valid, Lanes mean,
    double sums[lanesWidth], double products[lanesWidth])
{
    for (int i = 0; i < lanesWidth; i++) sums[i] = products[i] = 0.0;
    for (int64_t first = 0; first < rows; first += columnPiece) {
        int64_t count = smaller(columnPiece, rows - first);
        Lanes sum, product;
        APUS_FOR_LANES sum.part[v] = product.part[v] = splat(0.0f);
        for (int64_t r = first; r < first + count; r++) {
            Lanes a = load_lanes(x + r * stride, valid), g = load_lanes(dy + r * stride, valid);
            APUS_FOR_LANES {
                sum.part[v] += g.part[v];
                product.part[v] = multiply_add(g.part[v], a.part[v] - mean.part[v], product.part[v]);
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

static void column_gradient_sums_kernel(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *mean, double *sums,
    int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        Lanes m = load_lanes(mean + t.channel, t.valid);
        const float *dy = outputGradient + t.offset;
        double a[lanesWidth], b[lanesWidth];
        if (t.valid == lanesWidth) {
            tile_gradient_sums(x + t.offset, dy, t.rows, columns->rowStride, lanesWidth, m, a, b);
        } else {
            tile_gradient_sums(x + t.offset, dy, t.rows, columns->rowStride, t.valid, m, a, b);
        }
        double *result = sums + t.image * 2 * columns->channels + t.channel;
        memcpy(result, a, (size_t)t.valid * sizeof(double));
        memcpy(result + columns->channels, b, (size_t)t.valid * sizeof(double));
    }
}

APUS_INLINE void tile_gradient(
    const float *x, const float *dy, int64_t rows, int64_t stride, const int64_t valid, Lanes mean, Lanes scale,
    Lanes slope, Lanes offset, float *dx)
{
    for (int64_t r = 0; r < rows; r++) {
        Lanes a = load_lanes(x + r * stride, valid), g = load_lanes(dy + r * stride, valid);
        APUS_FOR_LANES {
            vfloat centred = g.part[v] - offset.part[v];
            g.part[v] = (centred - (a.part[v] - mean.part[v]) * slope.part[v]) * scale.part[v];
        }
        store_lanes(dx + r * stride, g, valid);
    }
}

static void column_gradient_kernel(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *mean,
    const float *scale, const float *slope, const float *offset, float *inputGradient, int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        Lanes m = load_lanes(mean + t.channel, t.valid), s = load_lanes(scale + t.channel, t.valid);
        Lanes k = load_lanes(slope + t.channel, t.valid), o = load_lanes(offset + t.channel, t.valid);
        const float *dy = outputGradient + t.offset;
        float *dx = inputGradient + t.offset;
        if (t.valid == lanesWidth) {
            tile_gradient(x + t.offset, dy, t.rows, columns->rowStride, lanesWidth, m, s, k, o, dx);
        } else {
            tile_gradient(x + t.offset, dy, t.rows, columns->rowStride, t.valid, m, s, k, o, dx);
        }
    }
}

#endif
