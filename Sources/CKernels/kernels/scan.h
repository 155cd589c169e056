/// Running sums and products, and triangles of matrices.
#ifndef APUS_SCAN_KERNEL_H
#define APUS_SCAN_KERNEL_H

#include "../include/scan.h"
#include "vector.h"

enum {
    /// Contiguous rows that advance together, so that their additions need not wait for each other.
    scanRows = 8,
    /// Columns that advance together where rows are not contiguous.
    scanColumns = 64,
};

/// `rows` contiguous rows at once.
APUS_INLINE void scan_contiguous(
    int product, int64_t rows, const float *restrict x, int64_t length, int64_t first, int64_t step, float *restrict y)
{
    double value[scanRows];
    for (int64_t r = 0; r < rows; r++) value[r] = product ? 1.0 : 0.0;
    for (int64_t k = 0, at = first; k < length; k++, at += step) {
        for (int64_t r = 0; r < rows; r++) {
            double element = x[r * length + at];
            value[r] = product ? value[r] * element : value[r] + element;
            y[r * length + at] = (float)value[r];
        }
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
            int64_t rows = smaller(scanRows, end - row);
            if (rows == scanRows) {
                scan_contiguous(product, scanRows, x + row * length, length, first, step, y + row * length);
            } else {
                scan_contiguous(product, rows = 1, x + row * length, length, first, step, y + row * length);
            }
            row += rows;
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
        scan_rows(1, reversed, x, length, inner, y, begin, end);
    } else {
        scan_rows(0, reversed, x, length, inner, y, begin, end);
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
            memcpy(target + before, source + before, after);
        } else {
            memcpy(target, source, before);
            memset(target + before, 0, after);
        }
    }
}

#endif
