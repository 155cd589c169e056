/// Reductions of contiguous float32 views.
#ifndef APUS_REDUCTION_KERNEL_H
#define APUS_REDUCTION_KERNEL_H

#include "../include/reduction.h"
#include "vector.h"

enum {
    /// Vectors side by side, so that additions need not wait for each other.
    stripVectors = 4,
    stripWidth = stripVectors * vectorWidth,
    /// Rows that one chain of additions takes before the halves are paired.
    pairwiseRows = 32,
};

/// Sums `rows` rows of a strip of columns, pairwise.
static void sum_strip(const float *x, int64_t rows, int64_t stride, vfloat sums[stripVectors])
{
    if (rows <= pairwiseRows) {
        for (int v = 0; v < stripVectors; v++) sums[v] = splat(0.0f);
        for (int64_t r = 0; r < rows; r++) {
            APUS_UNROLL
            for (int v = 0; v < stripVectors; v++) sums[v] += load(x + r * stride + v * vectorWidth);
        }
        return;
    }
    int64_t half = rows / 2;
    vfloat second[stripVectors];
    sum_strip(x, half, stride, sums);
    sum_strip(x + half * stride, rows - half, stride, second);
    for (int v = 0; v < stripVectors; v++) sums[v] += second[v];
}

/// The sum of contiguous floats: as a matrix of strips, then across the strip, then what is left over.
static float sum_contiguous(const float *x, int64_t count)
{
    int64_t rows = count / stripWidth;
    float sum = 0.0f;
    if (rows > 0) {
        vfloat sums[stripVectors];
        sum_strip(x, rows, stripWidth, sums);
        sum = horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    double rest = 0.0;
    for (int64_t i = rows * stripWidth; i < count; i++) rest += x[i];
    return (float)(sum + rest);
}

/// The sums of the columns [first, last) → y.
///
/// A column's sum must not depend on where a range begins, so a column is never in a vector here and alone there:
/// blocks of columns start at multiples of the strip width, and a block that is not whole is summed column by column.
static void sum_columns(const float *x, int64_t rows, int64_t stride, int64_t first, int64_t last, float *y)
{
    for (int64_t c = first; c < last;) {
        int64_t block = c / stripWidth * stripWidth;
        if (block + stripWidth <= stride) {
            vfloat sums[stripVectors];
            sum_strip(x + block, rows, stride, sums);
            float strip[stripWidth];
            for (int v = 0; v < stripVectors; v++) store(strip + v * vectorWidth, sums[v]);
            int64_t end = smaller(last, block + stripWidth);
            memcpy(y + (c - first), strip + (c - block), (size_t)(end - c) * sizeof(float));
            c = end;
        } else {
            // Columns left over: one row after the other, in double precision.
            double sums[stripWidth] = {0};
            int64_t width = last - c;
            for (int64_t r = 0; r < rows; r++) {
                for (int64_t k = 0; k < width; k++) sums[k] += x[r * stride + c + k];
            }
            for (int64_t k = 0; k < width; k++) y[c - first + k] = (float)sums[k];
            c = last;
        }
    }
}

APUS_INLINE float combine(const ApusReduction reduction, float a, float b)
{
    switch (reduction) {
    case ApusReductionMaximum: return a > b || a != a ? a : b;
    case ApusReductionMinimum: return a < b || a != a ? a : b;
    default: return a * b;
    }
}

APUS_INLINE vfloat combine_vectors(const ApusReduction reduction, vfloat a, vfloat b)
{
    switch (reduction) {
    case ApusReductionMaximum: return maximum(a, b);
    case ApusReductionMinimum: return minimum(a, b);
    default: return a * b;
    }
}

APUS_INLINE float neutral(const ApusReduction reduction)
{
    switch (reduction) {
    case ApusReductionMaximum: return -__builtin_inff();
    case ApusReductionMinimum: return __builtin_inff();
    default: return 1.0f;
    }
}

APUS_INLINE float combine_contiguous(const ApusReduction reduction, const float *x, int64_t count)
{
    vfloat parts[stripVectors];
    for (int v = 0; v < stripVectors; v++) parts[v] = splat(neutral(reduction));
    int64_t i = 0;
    for (; i + stripWidth <= count; i += stripWidth) {
        APUS_UNROLL
        for (int v = 0; v < stripVectors; v++) {
            parts[v] = combine_vectors(reduction, parts[v], load(x + i + v * vectorWidth));
        }
    }
    vfloat joined = combine_vectors(
        reduction, combine_vectors(reduction, parts[0], parts[1]), combine_vectors(reduction, parts[2], parts[3]));
    float lanes[vectorWidth];
    store(lanes, joined);
    float result = neutral(reduction);
    for (int k = 0; k < vectorWidth; k++) result = combine(reduction, result, lanes[k]);
    for (; i < count; i++) result = combine(reduction, result, x[i]);
    return result;
}

APUS_INLINE void combine_columns(
    const ApusReduction reduction, const float *x, int64_t rows, int64_t stride, int64_t first, int64_t last, float *y)
{
    int64_t c = first;
    for (; c + vectorWidth <= last; c += vectorWidth) {
        vfloat result = splat(neutral(reduction));
        for (int64_t r = 0; r < rows; r++) result = combine_vectors(reduction, result, load(x + r * stride + c));
        store(y + (c - first), result);
    }
    for (; c < last; c++) {
        float result = neutral(reduction);
        for (int64_t r = 0; r < rows; r++) result = combine(reduction, result, x[r * stride + c]);
        y[c - first] = result;
    }
}

/// The columns [first, last) of one matrix [rows, inner] → y.
static void reduce_matrix(
    ApusReduction reduction, const float *x, int64_t rows, int64_t inner, int64_t first, int64_t last, float *y)
{
    switch (reduction) {
    case ApusReductionSum:
    case ApusReductionMean:
        if (inner == 1) {
            y[0] = sum_contiguous(x, rows);
        } else {
            sum_columns(x, rows, inner, first, last, y);
        }
        if (reduction == ApusReductionMean) {
            for (int64_t k = 0; k < last - first; k++) y[k] /= (float)rows;
        }
        break;
#define APUS_COMBINING_REDUCTION(name)                                                                                 \
    case name:                                                                                                         \
        if (inner == 1) {                                                                                              \
            y[0] = combine_contiguous(name, x, rows);                                                                  \
        } else {                                                                                                       \
            combine_columns(name, x, rows, inner, first, last, y);                                                     \
        }                                                                                                              \
        break;
        APUS_COMBINING_REDUCTION(ApusReductionMaximum)
        APUS_COMBINING_REDUCTION(ApusReductionMinimum)
        APUS_COMBINING_REDUCTION(ApusReductionProduct)
#undef APUS_COMBINING_REDUCTION
    }
}

static void reduce_kernel(
    ApusReduction reduction, const float *x, int64_t outer, int64_t reduce, int64_t inner, float *y, int64_t begin,
    int64_t end)
{
    (void)outer;
    for (int64_t position = begin; position < end;) {
        int64_t o = position / inner, first = position % inner;
        int64_t last = smaller(inner, first + end - position);
        reduce_matrix(reduction, x + o * reduce * inner, reduce, inner, first, last, y + position);
        position += last - first;
    }
}

static void column_sum_kernel(
    const float *x, int64_t rows, int64_t columns, float *y, int accumulate, int64_t beginColumn, int64_t endColumn)
{
    for (int64_t c = beginColumn; c < endColumn;) {
        int64_t end = smaller(endColumn, (c / stripWidth + 1) * stripWidth);
        float sums[stripWidth];
        sum_columns(x, rows, columns, c, end, sums);
        for (int64_t k = c; k < end; k++) y[k] = accumulate ? y[k] + sums[k - c] : sums[k - c];
        c = end;
    }
}

static void arg_extremum_kernel(
    int smallest, const float *x, int64_t outer, int64_t reduce, int64_t inner, int64_t *y, int64_t begin, int64_t end)
{
    (void)outer;
    int64_t o = begin / inner, i = begin % inner;
    for (int64_t position = begin; position < end; position++) {
        const float *column = x + o * reduce * inner + i;
        if (++i == inner) {
            i = 0;
            o++;
        }
        int64_t place = 0;
        float best = reduce > 0 ? column[0] : 0.0f;
        for (int64_t r = 1; r < reduce; r++) {
            float value = column[r * inner];
            int better = smallest ? value < best : value > best;
            // Without branches, which random values would mispredict; the first NaN stays.
            int take = better | ((value != value) & (best == best));
            best = take ? value : best;
            place = take ? r : place;
        }
        y[position] = place;
    }
}

#endif
