/// Max pooling of planes in the plain layout.
#ifndef APUS_MAX_POOLING_KERNEL_H
#define APUS_MAX_POOLING_KERNEL_H

#include "pooling_windows.h"

/// A position behind all others: that of padding, and of no element at all.
enum { noPosition = INT32_MAX };

/// The largest element of each column in the rows of a window, and its flat position in the plane.
APUS_INLINE void pool_column_maxima(
    const ApusPooling *p, const PoolRange depths, const PoolRange rows, const int hasPositions, const float *source,
    const float *end, float *best, int32_t *positions)
{
    const int64_t width = p->width.input, height = p->height.input;
    const int isEmpty = depths.begin >= depths.end || rows.begin >= rows.end;
    if (is_single(depths) && is_single(rows)) {
        // One row is its own maximum.
        int64_t row = (depths.begin * height + rows.begin) * width;
        copy_bytes(best, source + row, (size_t)width * sizeof(float));
        if (hasPositions) {
            for (int64_t x = 0; x < width; x++) positions[x] = (int32_t)(row + x);
        }
        store(best + width, splat(-__builtin_inff()));
        if (hasPositions) store_ints(positions + width, (vint)noPosition);
        return;
    }
    for (int64_t x = 0; x < width; x += vectorWidth) {
        vfloat largest = splat(-__builtin_inff());
        vint where = (vint)(int32_t)((depths.begin * height + rows.begin) * width);
        for (int64_t z = depths.begin; z < depths.end; z += depths.step) {
            for (int64_t y = rows.begin; y < rows.end; y += rows.step) {
                int64_t row = (z * height + y) * width;
                vfloat value = load_before(source + row + x, end);
                vint take = (value > largest) | (value != value);
                if (hasPositions) where = take ? (vint)(int32_t)row : where;
                largest = take ? value : largest;
            }
        }
        store(best + x, largest);
        if (hasPositions) {
            store_ints(positions + x, isEmpty ? (vint)noPosition : where + vector_places() + (int32_t)x);
        }
    }
    // The last vector reached beyond the row: what lies there is padding again.
    store(best + width, splat(-__builtin_inff()));
    if (hasPositions) store_ints(positions + width, (vint)noPosition);
}

/// Writes a vector of positions, -1 where there is none.
APUS_INLINE void store_positions(int64_t *p, vint where, int64_t count)
{
    typedef int64_t vlong __attribute__((ext_vector_type(APUS_VECTOR_WIDTH)));
    vlong wide = __builtin_convertvector(where == noPosition ? (vint)-1 : where, vlong);
    if (count >= vectorWidth) {
        memcpy(p, &wide, sizeof wide);
        return;
    }
    for (int64_t i = 0; i < count; i++) p[i] = wide[i];
}

/// The windows along a row of column maxima, a vector of outputs at a time.
APUS_INLINE void pool_row_maxima(
    const ApusPoolingAxis *a, const int64_t stride, const float *best, const int32_t *positions, float *output,
    int64_t *outputPositions)
{
    for (int64_t next = 0; next < a->output; next += vectorWidth) {
        // The last vector overlaps the one before it rather than leave a part over.
        int64_t x = a->output >= vectorWidth ? smaller(next, a->output - vectorWidth) : next;
        int64_t count = smaller(vectorWidth, a->output - x);
        vfloat largest = splat(-__builtin_inff());
        vint where = (vint)noPosition;
        for (int64_t k = 0; k < a->kernel; k++) {
            int64_t t = x * stride + k * a->dilation;
            vfloat value = load_every(best + t, stride);
            vint isNaN = value != value;
            vint take = (value > largest) | isNaN;
            if (outputPositions) {
                // Columns come one after the other, but of equal elements the one in the first row wins, of several NaN
                // that in the last.
                vint here = load_every_int(positions + t, stride);
                take = (value > largest) | ((value == largest) & (here < where))
                    | (isNaN & ((largest == largest) | (here > where)));
                where = take ? here : where;
            }
            largest = take ? value : largest;
        }
        store_some(output + x, largest, count);
        if (outputPositions) store_positions(outputPositions + x, where, count);
    }
}

/// The place of the first largest of `count` elements side by side, or of the last NaN.
static int64_t first_maximum(const float *x, int64_t count)
{
    vfloat largest = splat(-__builtin_inff());
    vint hasNaN = (vint)0;
    int64_t i = 0;
    for (; i + vectorWidth <= count; i += vectorWidth) {
        vfloat value = load(x + i);
        hasNaN |= value != value;
        largest = value > largest ? value : largest;
    }
    float lanes[vectorWidth], best = -__builtin_inff();
    store(lanes, largest);
    for (int k = 0; k < vectorWidth; k++) best = lanes[k] > best ? lanes[k] : best;
    int isNaN = __builtin_reduce_or(hasNaN) != 0;
    for (; i < count; i++) {
        isNaN |= x[i] != x[i];
        best = x[i] > best ? x[i] : best;
    }
    if (isNaN) {
        for (i = count - 1; x[i] == x[i]; i--) {}
        return i;
    }
    for (i = 0; i + vectorWidth <= count; i += vectorWidth) {
        if (__builtin_reduce_or(load(x + i) == best)) break;
    }
    while (x[i] != best) i++;
    return i;
}

/// Dense windows along a plane of one row, which need no working memory.
APUS_INLINE void pool_single_row(
    const ApusPoolingAxis *a, const float *row, float *output, int64_t *outputPositions)
{
    for (int64_t x = 0; x < a->output; x++) {
        PoolRange columns = pool_range(a, x);
        int isEmpty = columns.begin >= columns.end;
        int64_t place =
            isEmpty ? -1 : columns.begin + first_maximum(row + columns.begin, columns.end - columns.begin);
        output[x] = isEmpty ? -__builtin_inff() : row[place];
        if (outputPositions) outputPositions[x] = place;
    }
}

/// The windows along a row of column maxima one output at a time, for wide strides and adaptive windows.
APUS_INLINE void pool_row_maxima_one_by_one(
    const ApusPoolingAxis *a, const float *best, const int32_t *positions, float *output, int64_t *outputPositions)
{
    for (int64_t x = 0; x < a->output; x++) {
        PoolRange columns = pool_range(a, x);
        float largest = -__builtin_inff();
        int32_t where = noPosition;
        for (int64_t t = columns.begin; t < columns.end; t += columns.step) {
            float value = best[t];
            int isNaN = value != value;
            int take = (value > largest) | isNaN;
            if (outputPositions) {
                int32_t here = positions[t];
                take = (value > largest) | ((value == largest) & (here < where))
                    | (isNaN & ((largest == largest) | (here > where)));
                where = take ? here : where;
            }
            largest = take ? value : largest;
        }
        output[x] = largest;
        if (outputPositions) outputPositions[x] = where == noPosition ? -1 : where;
    }
}

/// All windows of some planes; a stride of 0 stands for rows that are not computed a vector at a time.
APUS_INLINE void max_pool_planes(
    const ApusPooling *p, const int64_t stride, const float *input, float *output, int64_t *position, float *memory,
    int64_t begin, int64_t end)
{
    if (stride == 0 && p->width.dilation <= 1 && is_whole(&p->depth) && is_whole(&p->height)) {
        for (int64_t plane = begin; plane < end; plane++) {
            int64_t *places = position ? position + plane * p->width.output : NULL;
            pool_single_row(&p->width, input + plane * p->width.input, output + plane * p->width.output, places);
        }
        return;
    }
    const PoolScratch scratch = pool_scratch(p, memory);
    float *best = scratch.first;
    int32_t *positions = (int32_t *)scratch.second;
    for (int64_t t = 0; t < scratch.length; t++) {
        best[t] = -__builtin_inff();
        positions[t] = noPosition;
    }
    const float *inputEnd = input + end * pool_input_plane(p);
    int64_t row = begin * p->depth.output * p->height.output;
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = input + plane * pool_input_plane(p);
        for (int64_t z = 0; z < p->depth.output; z++) {
            for (int64_t y = 0; y < p->height.output; y++, row++) {
                float *maxima = output + row * p->width.output;
                int64_t *places = position ? position + row * p->width.output : NULL;
                pool_column_maxima(
                    p, pool_range(&p->depth, z), pool_range(&p->height, y), position != NULL, source, inputEnd,
                    best + scratch.origin, positions + scratch.origin);
                if (stride == 0) {
                    pool_row_maxima_one_by_one(&p->width, best, positions, maxima, places);
                } else {
                    pool_row_maxima(&p->width, stride, best, positions, maxima, places);
                }
            }
        }
    }
}

APUS_INLINE void max_pool_by_stride(
    const ApusPooling *p, const float *input, float *output, int64_t *position, float *scratch, int64_t begin,
    int64_t end)
{
    if (!apus_pooling_has_vector_rows(p)) {
        max_pool_planes(p, 0, input, output, position, scratch, begin, end);
    } else if (p->width.stride == 1) {
        max_pool_planes(p, 1, input, output, position, scratch, begin, end);
    } else {
        max_pool_planes(p, 2, input, output, position, scratch, begin, end);
    }
}

static void max_pool_forward_kernel(
    const ApusPooling *p, const float *input, float *output, int64_t *position, float *scratch, int64_t begin,
    int64_t end)
{
    if (position) {
        max_pool_by_stride(p, input, output, position, scratch, begin, end);
    } else {
        max_pool_by_stride(p, input, output, NULL, scratch, begin, end);
    }
}

#endif
