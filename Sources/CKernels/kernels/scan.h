/// Running sums and products, and triangles of matrices.
#ifndef APUS_SCAN_KERNEL_H
#define APUS_SCAN_KERNEL_H

#include "../include/scan.h"
#include "vector.h"

enum {
    /// Elements of a contiguous row that advance together, in double precision.
    scanWidth = vectorWidth / 2,
    /// Columns that advance together where rows are not contiguous.
    scanColumns = 64,
};

// The elements of b behind the first ones of a, and their reversal; shuffles need constant indices.
#if APUS_VECTOR_WIDTH == 16
#define APUS_SHIFT_1(a, b) __builtin_shufflevector(a, b, 0, 8, 9, 10, 11, 12, 13, 14)
#define APUS_SHIFT_2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 10, 11, 12, 13)
#define APUS_SHIFT_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define APUS_REVERSED(v) __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0)
#elif APUS_VECTOR_WIDTH == 8
#define APUS_SHIFT_1(a, b) __builtin_shufflevector(a, b, 0, 4, 5, 6)
#define APUS_SHIFT_2(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define APUS_REVERSED(v) __builtin_shufflevector(v, v, 3, 2, 1, 0)
#else
#define APUS_SHIFT_1(a, b) __builtin_shufflevector(a, b, 0, 2)
#define APUS_REVERSED(v) __builtin_shufflevector(v, v, 1, 0)
#endif

typedef float vhalf_unaligned __attribute__((ext_vector_type(APUS_VECTOR_WIDTH / 2), aligned(4), may_alias));

APUS_INLINE vhalfdouble scan_joined(int product, vhalfdouble a, vhalfdouble b) { return product ? a * b : a + b; }

/// Each element's sum (or product) with all before it.
APUS_INLINE vhalfdouble scan_within(int product, vhalfdouble v)
{
    const vhalfdouble neutral = (vhalfdouble)(product ? 1.0 : 0.0);
    v = scan_joined(product, APUS_SHIFT_1(neutral, v), v);
#if APUS_VECTOR_WIDTH >= 8
    v = scan_joined(product, APUS_SHIFT_2(neutral, v), v);
#endif
#if APUS_VECTOR_WIDTH >= 16
    v = scan_joined(product, APUS_SHIFT_4(neutral, v), v);
#endif
    return v;
}

/// One contiguous row. Only the sum of each vector has to wait for the one before.
APUS_INLINE void scan_contiguous(int product, int reversed, const float *x, int64_t length, float *y)
{
    double before = product ? 1.0 : 0.0;
    int64_t k = 0;
    for (; k + scanWidth <= length; k += scanWidth) {
        int64_t at = reversed ? length - scanWidth - k : k;
        vhalf elements = *(const vhalf_unaligned *)(x + at);
        if (reversed) elements = APUS_REVERSED(elements);
        vhalfdouble within = scan_within(product, __builtin_convertvector(elements, vhalfdouble));
        vhalf results = __builtin_convertvector(scan_joined(product, (vhalfdouble)before, within), vhalf);
        *(vhalf_unaligned *)(y + at) = reversed ? APUS_REVERSED(results) : results;
        before = product ? before * within[scanWidth - 1] : before + within[scanWidth - 1];
    }
    for (; k < length; k++) {
        int64_t at = reversed ? length - 1 - k : k;
        before = product ? before * (double)x[at] : before + (double)x[at];
        y[at] = (float)before;
    }
}

/// Neighbouring columns at once.
APUS_INLINE void scan_columns(
    int product, const float *restrict x, int64_t length, int64_t inner, int64_t first, int64_t step, int64_t columns,
    float *restrict y)
{
    double value[scanColumns];
    for (int64_t c = 0; c < columns; c++) value[c] = product ? 1.0 : 0.0;
    for (int64_t k = 0, at = first; k < length; k++, at += step) {
        const float *row = x + at * inner;
        float *result = y + at * inner;
        for (int64_t c = 0; c < columns; c++) {
            value[c] = product ? value[c] * (double)row[c] : value[c] + (double)row[c];
            result[c] = (float)value[c];
        }
    }
}

APUS_INLINE void scan_rows(
    int product, int reversed, const float *x, int64_t length, int64_t inner, float *y, int64_t begin, int64_t end)
{
    const int64_t first = reversed ? length - 1 : 0, step = reversed ? -1 : 1;
    for (int64_t row = begin; row < end;) {
        if (inner == 1) {
            scan_contiguous(product, reversed, x + row * length, length, y + row * length);
            row++;
            continue;
        }
        int64_t o = row / inner, i = row % inner, columns = smaller(scanColumns, smaller(inner - i, end - row));
        int64_t offset = o * length * inner + i;
        if (columns == scanColumns) {
            scan_columns(product, x + offset, length, inner, first, step, scanColumns, y + offset);
        } else {
            scan_columns(product, x + offset, length, inner, first, step, columns, y + offset);
        }
        row += columns;
    }
}

static void scan_kernel(
    int product, int reversed, const float *x, int64_t length, int64_t inner, float *y, int64_t begin, int64_t end)
{
    if (product) {
        if (reversed) {
            scan_rows(1, 1, x, length, inner, y, begin, end);
        } else {
            scan_rows(1, 0, x, length, inner, y, begin, end);
        }
    } else if (reversed) {
        scan_rows(0, 1, x, length, inner, y, begin, end);
    } else {
        scan_rows(0, 0, x, length, inner, y, begin, end);
    }
}

static void triangle_kernel(
    int elementSize, int upper, int64_t diagonal, int64_t rows, int64_t columns, const void *x, void *y, int64_t begin,
    int64_t end)
{
    if (elementSize != 1 && elementSize != 4 && elementSize != 8) __builtin_trap();
    for (int64_t r = begin; r < end; r++) {
        int64_t edge = r % rows + diagonal + (upper ? 0 : 1);
        edge = edge < 0 ? 0 : smaller(edge, columns);
        const uint8_t *source = (const uint8_t *)x + r * columns * elementSize;
        uint8_t *target = (uint8_t *)y + r * columns * elementSize;
        size_t before = (size_t)(edge * elementSize), after = (size_t)((columns - edge) * elementSize);
        if (upper) {
            memset(target, 0, before);
            copy_bytes(target + before, source + before, after);
        } else {
            copy_bytes(target, source, before);
            memset(target + before, 0, after);
        }
    }
}

#endif
