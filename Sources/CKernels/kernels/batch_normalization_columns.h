/// Batch normalisation where sixteen or eight channels lie side by side.
#ifndef APUS_BATCH_NORMALIZATION_COLUMNS_KERNEL_H
#define APUS_BATCH_NORMALIZATION_COLUMNS_KERNEL_H

#include "../include/batch_normalization_columns.h"
#include "batch_normalization.h"

enum {
    /// Rows of a piece: 64 lines of the first-level cache, and 64 additions in a chain.
    columnPiece = 64,
    /// Channels of the smaller block.
    halfWidth = 8,
    halfVectors = vectorWidth < halfWidth ? halfWidth / vectorWidth : 1,
};

/// Up to sixteen neighbouring numbers.
typedef struct Lanes {
    vfloat part[laneVectors];
} Lanes;

#define APUS_FOR_LANES APUS_UNROLL for (int v = 0; v < vectors; v++)

/// Loads `valid` of sixteen numbers; the rest is 0.
APUS_INLINE Lanes load_lanes(const float *p, const int64_t valid, const int vectors)
{
    Lanes lanes = {0};
    float padded[lanesWidth] = {0};
    if (valid < vectors * vectorWidth) {
        memcpy(padded, p, (size_t)valid * sizeof(float));
        p = padded;
    }
    APUS_FOR_LANES lanes.part[v] = load(p + v * vectorWidth);
    return lanes;
}

APUS_INLINE void store_lanes(float *p, Lanes lanes, const int64_t valid, const int vectors)
{
    float padded[lanesWidth];
    const int isPart = valid < vectors * vectorWidth;
    float *target = isPart ? padded : p;
    APUS_FOR_LANES store(target + v * vectorWidth, lanes.part[v]);
    if (isPart) memcpy(p, padded, (size_t)valid * sizeof(float));
}

APUS_INLINE void lanes_to_doubles(Lanes lanes, double result[lanesWidth])
{
    float single[lanesWidth];
    store_lanes(single, lanes, lanesWidth, laneVectors);
    for (int i = 0; i < lanesWidth; i++) result[i] = single[i];
}

/// Where a tile lies: runs of rows at equal distances.
typedef struct Tile {
    int64_t offset, runs, runStride, rows, rowStride, image, channel, valid;
} Tile;

APUS_INLINE Tile tile_at(const ApusChannelColumns *c, int64_t index)
{
    int64_t blocks = (c->channels + c->lanes - 1) / c->lanes, image = index / blocks, block = index % blocks;
    return (Tile){
        .offset = image * c->tileStride + block * c->blockStride,
        .runs = image == c->tiles - 1 ? c->lastRuns : c->runs,
        .runStride = c->runStride,
        .rows = image == c->tiles - 1 ? c->lastRows : c->rows,
        .rowStride = c->rowStride,
        .image = image,
        .channel = block * c->lanes,
        .valid = smaller(c->lanes, c->channels - block * c->lanes),
    };
}

APUS_INLINE void tile_moments(
    const float *x, const Tile *t, const int64_t valid, const int vectors, double mean[lanesWidth],
    double squares[lanesWidth])
{
    double total = 0.0;
    for (int i = 0; i < lanesWidth; i++) mean[i] = squares[i] = 0.0;
    const int64_t stride = t->rowStride;
    for (int64_t first = 0; first < t->rows; first += columnPiece) {
        // Of several runs, which are short, the piece is all rows.
        int64_t rows = smaller(columnPiece, t->rows - first), count = t->runs * rows;
        const float *piece = x + first * stride;
        Lanes centre = {0}, rest = {0}, square = {0};
        for (int64_t run = 0; run < t->runs; run++) {
            const float *own = piece + run * t->runStride;
            for (int64_t r = 0; r < rows; r++) {
                Lanes row = load_lanes(own + r * stride, valid, vectors);
                APUS_FOR_LANES centre.part[v] += row.part[v];
            }
        }
        APUS_FOR_LANES centre.part[v] *= 1.0f / (float)count;
        // The sum's rounding would spoil the differences between pieces: the rest about the centre corrects it.
        for (int64_t run = 0; run < t->runs; run++) {
            const float *own = piece + run * t->runStride;
            for (int64_t r = 0; r < rows; r++) {
                Lanes row = load_lanes(own + r * stride, valid, vectors);
                APUS_FOR_LANES {
                    vfloat d = row.part[v] - centre.part[v];
                    rest.part[v] += d;
                    square.part[v] = multiply_add(d, d, square.part[v]);
                }
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
            tile_moments(x + tile.offset, &tile, lanesWidth, laneVectors, mean, squares);
        } else if (tile.valid == halfWidth) {
            tile_moments(x + tile.offset, &tile, halfWidth, halfVectors, mean, squares);
        } else {
            tile_moments(x + tile.offset, &tile, tile.valid, laneVectors, mean, squares);
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
        for (int64_t n = 0; n < c->tiles; n++) {
            const double *tile = moments + n * 2 * c->channels + channel;
            int64_t rows = n == c->tiles - 1 ? c->lastRuns * c->lastRows : c->runs * c->rows;
            join_moments(&all, (double)rows, tile[0], tile[c->channels]);
        }
        mean[channel] = (float)all.mean;
        variance[channel] = (float)(all.squares / all.count);
    }
}

APUS_INLINE void normalize_tile(
    const float *x, const Tile *t, const int64_t valid, const int vectors, Lanes mean, Lanes scale, Lanes shift,
    const float *addend, const int relu, float *y)
{
    for (int64_t run = 0; run < t->runs; run++) {
        for (int64_t r = 0; r < t->rows; r++) {
            const int64_t place = run * t->runStride + r * t->rowStride;
            Lanes row = load_lanes(x + place, valid, vectors);
            APUS_FOR_LANES row.part[v] = multiply_add(row.part[v] - mean.part[v], scale.part[v], shift.part[v]);
            if (addend) {
                Lanes other = load_lanes(addend + place, valid, vectors);
                APUS_FOR_LANES row.part[v] += other.part[v];
            }
            if (relu) APUS_FOR_LANES row.part[v] = row.part[v] < 0.0f ? splat(0.0f) : row.part[v];
            store_lanes(y + place, row, valid, vectors);
        }
    }
}

APUS_INLINE void normalize_tiles(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    const float *addend, const int relu, float *y, int64_t begin, int64_t end)
{
    for (int64_t index = begin; index < end; index++) {
        Tile t = tile_at(columns, index);
        const float *own = x + t.offset, *other = addend ? addend + t.offset : NULL;
        float *target = y + t.offset;
        Lanes m = load_lanes(mean + t.channel, t.valid, laneVectors);
        Lanes s = load_lanes(scale + t.channel, t.valid, laneVectors);
        Lanes d = load_lanes(shift + t.channel, t.valid, laneVectors);
        if (t.valid == lanesWidth) {
            normalize_tile(own, &t, lanesWidth, laneVectors, m, s, d, other, relu, target);
        } else if (t.valid == halfWidth) {
            normalize_tile(own, &t, halfWidth, halfVectors, m, s, d, other, relu, target);
        } else {
            normalize_tile(own, &t, t.valid, laneVectors, m, s, d, other, relu, target);
        }
    }
}

static void column_normalize_kernel(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    float *y, int64_t begin, int64_t end)
{
    normalize_tiles(columns, x, mean, scale, shift, NULL, 0, y, begin, end);
}

static void column_normalize_relu_kernel(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    const float *addend, float *y, int64_t begin, int64_t end)
{
    if (addend) {
        normalize_tiles(columns, x, mean, scale, shift, addend, 1, y, begin, end);
    } else {
        normalize_tiles(columns, x, mean, scale, shift, NULL, 1, y, begin, end);
    }
}

#endif
