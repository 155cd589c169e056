/// Average pooling of planes in the plain layout.
#ifndef APUS_AVERAGE_POOLING_KERNEL_H
#define APUS_AVERAGE_POOLING_KERNEL_H

#include "pooling_windows.h"

/// The sum of each column in the rows of a window.
APUS_INLINE void pool_column_sums(
    const ApusPooling *p, const PoolRange depths, const PoolRange rows, const float *source, const float *end,
    float *sums)
{
    const int64_t width = p->width.input, height = p->height.input;
    if (is_single(depths) && is_single(rows)) {
        const float *row = source + (depths.begin * height + rows.begin) * width;
        copy_bytes(sums, row, (size_t)width * sizeof(float));
        store(sums + width, splat(0.0f));
        return;
    }
    for (int64_t x = 0; x < width; x += vectorWidth) {
        vfloat sum = splat(0.0f);
        for (int64_t z = depths.begin; z < depths.end; z++) {
            for (int64_t y = rows.begin; y < rows.end; y++) {
                sum += load_before(source + (z * height + y) * width + x, end);
            }
        }
        store(sums + x, sum);
    }
    // The last vector reached beyond the row: what lies there is padding again.
    store(sums + width, splat(0.0f));
}

/// Divides the sum of each window along a row of column sums by `rowCount` times its entry of `counts`.
APUS_INLINE void pool_row_means(
    const ApusPoolingAxis *a, const int64_t stride, const float *sums, float rowCount, const float *counts,
    float *output)
{
    if (stride == 0) {
        for (int64_t x = 0; x < a->output; x++) {
            PoolRange columns = pool_range(a, x);
            float sum = 0.0f;
            for (int64_t t = columns.begin; t < columns.end; t++) sum += sums[t];
            output[x] = sum / (rowCount * counts[x]);
        }
        return;
    }
    for (int64_t next = 0; next < a->output; next += vectorWidth) {
        int64_t x = a->output >= vectorWidth ? smaller(next, a->output - vectorWidth) : next;
        vfloat sum = splat(0.0f);
        for (int64_t k = 0; k < a->kernel; k++) sum += load_every(sums + x * stride + k, stride);
        store_some(output + x, sum / (rowCount * load(counts + x)), smaller(vectorWidth, a->output - x));
    }
}

/// What the windows along a row are divided by, but for their rows.
APUS_INLINE void pool_column_counts(
    const ApusPoolingAxis *a, int countIncludePad, int64_t divisorOverride, float *counts, int64_t length)
{
    for (int64_t x = 0; x < length; x++) {
        int64_t count = divisorOverride != 0 || x >= a->output ? 1 : pool_count(a, x, countIncludePad);
        counts[x] = (float)count;
    }
}

/// What the windows of output row (z, y) are divided by, but for their columns.
APUS_INLINE float pool_row_count(
    const ApusPooling *p, int64_t z, int64_t y, int countIncludePad, int64_t divisorOverride)
{
    if (divisorOverride != 0) return (float)divisorOverride;
    return (float)(pool_count(&p->depth, z, countIncludePad) * pool_count(&p->height, y, countIncludePad));
}

APUS_INLINE void average_pool_planes(
    const ApusPooling *p, const int64_t stride, int countIncludePad, int64_t divisorOverride, const float *input,
    float *output, float *memory, int64_t begin, int64_t end)
{
    const PoolScratch scratch = pool_scratch(p, memory);
    float *sums = scratch.first, *counts = scratch.second;
    memset(sums, 0, (size_t)scratch.length * sizeof(float));
    pool_column_counts(&p->width, countIncludePad, divisorOverride, counts, scratch.length);
    const float *inputEnd = input + end * pool_input_plane(p);
    int64_t row = begin * p->depth.output * p->height.output;
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = input + plane * pool_input_plane(p);
        for (int64_t z = 0; z < p->depth.output; z++) {
            for (int64_t y = 0; y < p->height.output; y++, row++) {
                pool_column_sums(
                    p, pool_range(&p->depth, z), pool_range(&p->height, y), source, inputEnd, sums + scratch.origin);
                float rowCount = pool_row_count(p, z, y, countIncludePad, divisorOverride);
                pool_row_means(&p->width, stride, sums, rowCount, counts, output + row * p->width.output);
            }
        }
    }
}

static void average_pool_forward_kernel(
    const ApusPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    float *scratch, int64_t begin, int64_t end)
{
    if (!apus_pooling_has_vector_rows(p)) {
        average_pool_planes(p, 0, countIncludePad, divisorOverride, input, output, scratch, begin, end);
    } else if (p->width.stride == 1) {
        average_pool_planes(p, 1, countIncludePad, divisorOverride, input, output, scratch, begin, end);
    } else {
        average_pool_planes(p, 2, countIncludePad, divisorOverride, input, output, scratch, begin, end);
    }
}

/// Adds up, for each column, the shares of the windows along a row that cover it.
///
/// The shares lie in a row with `lead` zeros before them, and zeros behind.
APUS_INLINE void pool_spread_row(
    const ApusPoolingAxis *a, const int64_t stride, const float *shares, int64_t lead, float *spread)
{
    if (stride == 0) {
        memset(spread, 0, (size_t)a->input * sizeof(float));
        for (int64_t x = 0; x < a->output; x++) {
            PoolRange columns = pool_range(a, x);
            for (int64_t t = columns.begin; t < columns.end; t++) spread[t] += shares[lead + x];
        }
        return;
    }
    for (int64_t m = 0; m * stride < a->input + a->padding; m += vectorWidth) {
        vfloat even = splat(0.0f), odd = splat(0.0f);
        for (int64_t k = 0; k < a->kernel; k += stride) even += load(shares + lead + m - k / stride);
        for (int64_t k = 1; k < a->kernel; k += 2) odd += stride == 2 ? load(shares + lead + m - k / 2) : splat(0.0f);
        store_every(spread + m * stride, stride, even, odd);
    }
}

APUS_INLINE void average_pool_backward_planes(
    const ApusPooling *p, const int64_t stride, int countIncludePad, int64_t divisorOverride,
    const float *outputGradient, float *inputGradient, float *memory, int64_t begin, int64_t end)
{
    const PoolScratch scratch = pool_scratch(p, memory);
    const int64_t width = p->width.output, lead = stride == 0 ? 0 : (p->width.kernel - 1) / stride;
    float *shares = scratch.first, *spread = scratch.second, *counts = scratch.third;
    memset(shares, 0, (size_t)scratch.length * sizeof(float));
    pool_column_counts(&p->width, countIncludePad, divisorOverride, counts, scratch.length);
    int64_t row = begin * p->depth.output * p->height.output;
    for (int64_t plane = begin; plane < end; plane++) {
        float *destination = inputGradient + plane * pool_input_plane(p);
        memset(destination, 0, (size_t)pool_input_plane(p) * sizeof(float));
        for (int64_t z = 0; z < p->depth.output; z++) {
            for (int64_t y = 0; y < p->height.output; y++, row++) {
                const float *restrict gradient = outputGradient + row * width;
                float *restrict share = shares + lead;
                float rowCount = pool_row_count(p, z, y, countIncludePad, divisorOverride);
                for (int64_t x = 0; x < width; x++) share[x] = gradient[x] / (rowCount * counts[x]);
                pool_spread_row(&p->width, stride, shares, lead, spread);
                const PoolRange depths = pool_range(&p->depth, z), rows = pool_range(&p->height, y);
                for (int64_t iz = depths.begin; iz < depths.end; iz++) {
                    for (int64_t iy = rows.begin; iy < rows.end; iy++) {
                        add_row(
                            destination + (iz * p->height.input + iy) * p->width.input, spread + scratch.origin,
                            p->width.input);
                    }
                }
            }
        }
    }
}

static void average_pool_backward_kernel(
    const ApusPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, float *scratch, int64_t begin, int64_t end)
{
    if (!apus_pooling_has_vector_rows(p)) {
        average_pool_backward_planes(
            p, 0, countIncludePad, divisorOverride, outputGradient, inputGradient, scratch, begin, end);
    } else if (p->width.stride == 1) {
        average_pool_backward_planes(
            p, 1, countIncludePad, divisorOverride, outputGradient, inputGradient, scratch, begin, end);
    } else {
        average_pool_backward_planes(
            p, 2, countIncludePad, divisorOverride, outputGradient, inputGradient, scratch, begin, end);
    }
}

#endif
