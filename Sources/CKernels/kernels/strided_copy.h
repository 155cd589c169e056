/// Copies between strided and contiguous arrays.
#ifndef APUS_STRIDED_COPY_KERNEL_H
#define APUS_STRIDED_COPY_KERNEL_H

#include "../include/strided_copy.h"
#include "pointwise_operands.h"

enum {
    /// Rows of a block of a transposing copy: enough to read four cache lines of each column in a row.
    transposeBlock = 64,
    /// With few columns a block is as many rows as make this many elements.
    transposeElements = 1024,
    /// The longest rows of one element each that are written as such a block; longer ones are filled one by one.
    transposeStretch = 8,
};

typedef uint32_t veight __attribute__((ext_vector_type(8)));
typedef uint32_t veight_unaligned __attribute__((ext_vector_type(8), aligned(4), may_alias));

/// Eight rows of eight elements, transposed: of each pair of rows the elements are put in turn, then pairs, then fours.
APUS_INLINE void transpose_eight(const uint32_t *source, int64_t stride, uint32_t *target, int64_t targetStride)
{
    veight a[8], b[8];
    APUS_UNROLL
    for (int r = 0; r < 8; r++) a[r] = *(const veight_unaligned *)(source + r * stride);
    APUS_UNROLL
    for (int r = 0; r < 8; r += 2) {
        b[r] = __builtin_shufflevector(a[r], a[r + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        b[r + 1] = __builtin_shufflevector(a[r], a[r + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    APUS_UNROLL
    for (int r = 0; r < 8; r += 4) {
        APUS_UNROLL
        for (int k = r; k < r + 2; k++) {
            a[k] = __builtin_shufflevector(b[k], b[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[k + 2] = __builtin_shufflevector(b[k], b[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    APUS_UNROLL
    for (int k = 0; k < 4; k++) {
        b[k] = __builtin_shufflevector(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        b[k + 4] = __builtin_shufflevector(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    APUS_UNROLL
    for (int r = 0; r < 8; r++) *(veight_unaligned *)(target + r * targetStride) = b[r];
}

// Element sizes other than four bytes have no such block.
APUS_INLINE void transpose_eight_uint8_t(const uint8_t *s, int64_t stride, uint8_t *t, int64_t targetStride)
{
    for (int r = 0; r < 8; r++) {
        for (int c = 0; c < 8; c++) t[c * targetStride + r] = s[r * stride + c];
    }
}
APUS_INLINE void transpose_eight_uint32_t(const uint32_t *s, int64_t stride, uint32_t *t, int64_t targetStride)
{
    transpose_eight(s, stride, t, targetStride);
}
APUS_INLINE void transpose_eight_uint64_t(const uint64_t *s, int64_t stride, uint64_t *t, int64_t targetStride)
{
    for (int r = 0; r < 8; r++) {
        for (int c = 0; c < 8; c++) t[c * targetStride + r] = s[r * stride + c];
    }
}

// Strides whose loops the compiler turns into vectors only when it knows them.
#define APUS_FOR_KNOWN_STRIDES(stride, body)                                                                           \
    switch (stride) {                                                                                                  \
    case -1: body(-1) break;                                                                                           \
    case 2: body(2) break;                                                                                             \
    case 3: body(3) break;                                                                                             \
    case 4: body(4) break;                                                                                             \
    default: body(stride) break;                                                                                       \
    }

/// Copies for one element type: a run along the last dimension, and a block of rows whose columns lie side by side.
#define APUS_STRIDED_COPIES(type)                                                                                      \
    static void gather_run_##type(                                                                                     \
        const type *restrict source, int64_t stride, type *restrict destination, int64_t count)                        \
    {                                                                                                                  \
        if (stride == 1) {                                                                                             \
            copy_bytes(destination, source, (size_t)count * sizeof(type));                                             \
        } else if (stride == 0) {                                                                                      \
            const type element = *source;                                                                              \
            for (int64_t i = 0; i < count; i++) destination[i] = element;                                              \
        } else {                                                                                                       \
            APUS_FOR_KNOWN_STRIDES(stride, APUS_GATHER_RUN)                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    static void scatter_run_##type(                                                                                    \
        const type *restrict source, type *restrict destination, int64_t stride, int64_t count)                        \
    {                                                                                                                  \
        if (stride == 1) {                                                                                             \
            copy_bytes(destination, source, (size_t)count * sizeof(type));                                             \
        } else {                                                                                                       \
            for (int64_t i = 0; i < count; i++) destination[i * stride] = source[i];                                   \
        }                                                                                                              \
    }                                                                                                                  \
    /* Element (r, c) lies at strided[r + c * stride] and at contiguous[r * columns + c]. */                           \
    static void transpose_rows_##type(                                                                                 \
        type *restrict strided, int64_t stride, type *restrict contiguous, int64_t rows, int64_t columns, int gather)  \
    {                                                                                                                  \
        if (gather && columns == 2) {                                                                                  \
            for (int64_t r = 0; r < rows; r++) {                                                                       \
                contiguous[2 * r] = strided[r];                                                                        \
                contiguous[2 * r + 1] = strided[r + stride];                                                           \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        int64_t wholeRows = gather ? rows / 8 * 8 : 0, wholeColumns = columns / 8 * 8;                                 \
        for (int64_t c = 0; c < wholeColumns; c += 8) {                                                                \
            for (int64_t r = 0; r < wholeRows; r += 8) {                                                               \
                transpose_eight_##type(strided + r + c * stride, stride, contiguous + r * columns + c, columns);       \
            }                                                                                                          \
        }                                                                                                              \
        for (int64_t r = 0; r < rows; r++) {                                                                           \
            type *row = contiguous + r * columns;                                                                      \
            int64_t first = r < wholeRows ? wholeColumns : 0;                                                          \
            if (gather) {                                                                                              \
                for (int64_t c = first; c < columns; c++) row[c] = strided[r + c * stride];                            \
            } else {                                                                                                   \
                for (int64_t c = first; c < columns; c++) strided[r + c * stride] = row[c];                            \
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
        int transposed = rank > 1 && strides[rank - 2] == 1 && stride != 1 && columns > 1                              \
            && (stride != 0 || columns <= transposeStretch);                                                           \
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
    int64_t columns = cursor->shape[cursor->rank - 1];
    int64_t inMatrix = cursor->shape[cursor->rank - 2] - cursor->index[cursor->rank - 2];
    return smaller(larger(transposeBlock, transposeElements / columns), smaller(inMatrix, positions / columns));
}

#define APUS_GATHER_RUN(stride)                                                                                        \
    for (int64_t i = 0; i < count; i++) destination[i] = source[i * (stride)];

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
