/// Copies between strided and contiguous arrays.
#ifndef APUS_STRIDED_COPY_KERNEL_H
#define APUS_STRIDED_COPY_KERNEL_H

#include "../include/strided_copy.h"
#include "pointwise_operands.h"

enum {
    /// Side of the square blocks of a transposing copy: 16 rows of 64 bytes are read and written as whole cache lines.
    transposeBlock = 16,
};

/// Copies for one element type: a run along the last dimension, and a block of rows whose columns lie side by side.
#define APUS_STRIDED_COPIES(type)                                                                                      \
    static void gather_run_##type(const type *source, int64_t stride, type *destination, int64_t count)                \
    {                                                                                                                  \
        if (stride == 1) {                                                                                             \
            memcpy(destination, source, (size_t)count * sizeof(type));                                                 \
        } else {                                                                                                       \
            for (int64_t i = 0; i < count; i++) destination[i] = source[i * stride];                                   \
        }                                                                                                              \
    }                                                                                                                  \
    static void scatter_run_##type(const type *source, type *destination, int64_t stride, int64_t count)               \
    {                                                                                                                  \
        if (stride == 1) {                                                                                             \
            memcpy(destination, source, (size_t)count * sizeof(type));                                                 \
        } else {                                                                                                       \
            for (int64_t i = 0; i < count; i++) destination[i * stride] = source[i];                                   \
        }                                                                                                              \
    }                                                                                                                  \
    /* Element (r, c) lies at strided[r + c * stride] and at contiguous[r * columns + c]. */                           \
    static void transpose_rows_##type(                                                                                 \
        type *strided, int64_t stride, type *contiguous, int64_t rows, int64_t columns, int gather)                    \
    {                                                                                                                  \
        for (int64_t first = 0; first < columns; first += transposeBlock) {                                            \
            int64_t last = smaller(columns, first + transposeBlock);                                                   \
            for (int64_t r = 0; r < rows; r++) {                                                                       \
                type *row = contiguous + r * columns;                                                                  \
                if (gather) {                                                                                          \
                    for (int64_t c = first; c < last; c++) row[c] = strided[r + c * stride];                           \
                } else {                                                                                               \
                    for (int64_t c = first; c < last; c++) strided[r + c * stride] = row[c];                           \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void strided_copy_##type(                                                                                   \
        int rank, const int64_t *shape, const int64_t *strides, type *strided, type *contiguous, int64_t begin,        \
        int64_t end, int gather)                                                                                       \
    {                                                                                                                  \
        if (begin >= end) return;                                                                                      \
        StridedCursor cursor;                                                                                          \
        cursor_begin(&cursor, rank, shape, strides, begin);                                                            \
        int64_t stride = rank > 0 ? strides[rank - 1] : 1, columns = rank > 0 ? shape[rank - 1] : 1;                   \
        int transposed = rank > 1 && strides[rank - 2] == 1 && stride != 1 && columns > 1;                             \
        for (int64_t position = begin; position < end;) {                                                              \
            type *here = strided + cursor.offset;                                                                      \
            int64_t rows = transposed && cursor.index[rank - 1] == 0 ? rows_at(&cursor, end - position) : 0;           \
            if (rows > 1) {                                                                                            \
                transpose_rows_##type(here, stride, contiguous + position, rows, columns, gather);                     \
                for (int64_t r = 0; r < rows; r++) cursor_advance(&cursor, columns);                                   \
                position += rows * columns;                                                                            \
                continue;                                                                                              \
            }                                                                                                          \
            int64_t run = smaller(cursor_run(&cursor), end - position);                                                \
            if (gather) {                                                                                              \
                gather_run_##type(here, stride, contiguous + position, run);                                           \
            } else {                                                                                                   \
                scatter_run_##type(contiguous + position, here, stride, run);                                          \
            }                                                                                                          \
            cursor_advance(&cursor, run);                                                                              \
            position += run;                                                                                           \
        }                                                                                                              \
    }

/// Whole rows from the cursor on, within its matrix and the positions left, at most a block of them.
APUS_INLINE int64_t rows_at(const StridedCursor *cursor, int64_t positions)
{
    int64_t inMatrix = cursor->shape[cursor->rank - 2] - cursor->index[cursor->rank - 2];
    return smaller(transposeBlock, smaller(inMatrix, positions / cursor->shape[cursor->rank - 1]));
}

APUS_STRIDED_COPIES(uint8_t)
APUS_STRIDED_COPIES(uint32_t)
APUS_STRIDED_COPIES(uint64_t)

static void strided_copy(
    int elementSize, int rank, const int64_t *shape, const int64_t *strides, void *strided, void *contiguous,
    int64_t begin, int64_t end, int gather)
{
    switch (elementSize) {
    case 1: strided_copy_uint8_t(rank, shape, strides, strided, contiguous, begin, end, gather); break;
    case 4: strided_copy_uint32_t(rank, shape, strides, strided, contiguous, begin, end, gather); break;
    case 8: strided_copy_uint64_t(rank, shape, strides, strided, contiguous, begin, end, gather); break;
    default: __builtin_trap();
    }
}

static void strided_gather_kernel(
    int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void *destination,
    int64_t begin, int64_t end)
{
    // One loop serves both directions; in this one it only reads the strided side.
    strided_copy(elementSize, rank, shape, strides, (void *)source, destination, begin, end, 1);
}

static void strided_scatter_kernel(
    int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void *destination,
    int64_t begin, int64_t end)
{
    strided_copy(elementSize, rank, shape, strides, destination, (void *)source, begin, end, 0);
}

#endif
