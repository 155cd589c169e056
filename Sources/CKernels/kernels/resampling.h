/// Resampling of rows.
#ifndef APUS_RESAMPLING_KERNEL_H
#define APUS_RESAMPLING_KERNEL_H

#include "../include/resampling.h"
#include "vector.h"

/// Sums of weighted rows: y = Σ weights[t] · rows[sources[t]].
static void resample_combine(
    const float *plane, int64_t width, int64_t taps, const int32_t *restrict sources, const float *restrict weights,
    float *restrict y)
{
    enum { block = 4 };
    int64_t x = 0;
    for (; x + block * vectorWidth <= width; x += block * vectorWidth) {
        vfloat sums[block];
        for (int v = 0; v < block; v++) sums[v] = splat(0.0f);
        for (int64_t t = 0; t < taps; t++) {
            const float *row = plane + sources[t] * width + x;
            vfloat weight = splat(weights[t]);
            APUS_UNROLL
            for (int v = 0; v < block; v++) sums[v] = multiply_add(load(row + v * vectorWidth), weight, sums[v]);
        }
        for (int v = 0; v < block; v++) store(y + x + v * vectorWidth, sums[v]);
    }
    for (; x + vectorWidth <= width; x += vectorWidth) {
        vfloat sum = splat(0.0f);
        for (int64_t t = 0; t < taps; t++) {
            sum = multiply_add(load(plane + sources[t] * width + x), splat(weights[t]), sum);
        }
        store(y + x, sum);
    }
    for (; x < width; x++) {
        float sum = 0.0f;
        for (int64_t t = 0; t < taps; t++) sum += plane[sources[t] * width + x] * weights[t];
        y[x] = sum;
    }
}

/// Elements of a row at other places.
static void resample_move(const ApusResampling *r, const int32_t *restrict sources, const float *restrict row,
    float *restrict y)
{
    int64_t x = 0;
    for (; x + vectorWidth <= r->outputWidth; x += vectorWidth) store(y + x, gather(row, load_positions(sources + x)));
    for (; x < r->outputWidth; x++) y[x] = row[sources[x]];
}

/// Weighted sums of a row's elements.
static void resample_columns(
    const ApusResampling *r, const int32_t *restrict sources, const float *restrict weights, const float *restrict row,
    float *restrict y)
{
    int64_t width = r->outputWidth, x = 0;
    for (; x + vectorWidth <= width; x += vectorWidth) {
        vfloat sum = splat(0.0f);
        for (int64_t t = 0; t < r->columnTaps; t++) {
            vfloat elements = gather(row, load_positions(sources + t * width + x));
            sum = multiply_add(elements, load(weights + t * width + x), sum);
        }
        store(y + x, sum);
    }
    for (; x < width; x++) {
        float sum = 0.0f;
        for (int64_t t = 0; t < r->columnTaps; t++) sum += row[sources[t * width + x]] * weights[t * width + x];
        y[x] = sum;
    }
}

/// Whether two output rows are made of the same rows by the same weights.
APUS_INLINE int resample_rows_are_equal(
    const int32_t *starts, const int32_t *sources, const float *weights, int64_t a, int64_t b)
{
    int64_t taps = starts[a + 1] - starts[a];
    if (taps != starts[b + 1] - starts[b]) return 0;
    return memcmp(sources + starts[a], sources + starts[b], (size_t)taps * sizeof(int32_t)) == 0
        && memcmp(weights + starts[a], weights + starts[b], (size_t)taps * sizeof(float)) == 0;
}

static void resample_rows_kernel(
    const ApusResampling *r, const int32_t *rowStarts, const int32_t *rowSources, const float *rowWeights,
    const int32_t *columnSources, const float *columnWeights, const float *input, float *output, float *scratch,
    int64_t begin, int64_t end)
{
    // What an element without a tap reads.
    scratch[r->inputWidth] = 0.0f;
    for (int64_t row = begin; row < end; row++) {
        int64_t volume = row / r->outputRows, y = row % r->outputRows;
        float *to = output + row * r->outputWidth;
        if (row > begin && y > 0 && resample_rows_are_equal(rowStarts, rowSources, rowWeights, y - 1, y)) {
            memcpy(to, to - r->outputWidth, (size_t)r->outputWidth * sizeof(float));
            continue;
        }
        const float *plane = input + volume * r->inputRows * r->inputWidth;
        int64_t first = rowStarts[y], taps = rowStarts[y + 1] - first;
        const float *from = scratch;
        if (taps == 1 && rowWeights[first] == 1.0f && !r->columnsAreRagged) {
            from = plane + rowSources[first] * r->inputWidth;
        } else {
            resample_combine(plane, r->inputWidth, taps, rowSources + first, rowWeights + first, scratch);
        }
        if (r->columnsAreCopies) {
            resample_move(r, columnSources, from, to);
        } else {
            resample_columns(r, columnSources, columnWeights, from, to);
        }
    }
}

#endif
