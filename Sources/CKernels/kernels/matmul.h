/// Products of small matrices: panels of columns of the right factor, packed, times blocks of rows of the left one.
#ifndef APUS_MATMUL_KERNEL_H
#define APUS_MATMUL_KERNEL_H

#include "../include/matmul.h"
#include "add_activate.h"
#include "lanes_layout.h"

enum {
    // 12 or 24 accumulators, the panel's vectors and an element of the left factor fill the registers.
    matmulRows = APUS_MATMUL_BLOCK_ROWS(vectorWidth),
    matmulVectors = APUS_MATMUL_PANEL_VECTORS,
    matmulWidth = matmulVectors * vectorWidth,
    matmulPanelFloats = 24 * 1024 / sizeof(float),
    /// Inner indices of a packed panel, which stays in the first-level cache of 32 KiB.
    matmulDepth = matmulPanelFloats / matmulWidth,
};

/// One block's work, for a part of the inner indices.
typedef struct {
    /// The block's first row at the first inner index.
    const float *left;
    int64_t leftRowStride;
    int64_t leftInnerStride;
    const float *panel;
    int64_t depth;
    /// Added to what the result holds if not 0.
    int accumulates;
    float *result;
    int64_t resultRowStride;
    /// The panel's columns that the result has.
    int64_t columns;
} MatMulBlock;

APUS_INLINE void multiply_block(const MatMulBlock *b, const int rows, const int vectors)
{
    vfloat sums[matmulRows][matmulVectors];
    const int64_t whole = b->columns / vectorWidth, rest = b->columns % vectorWidth;
    APUS_UNROLL
    for (int r = 0; r < rows; r++) {
        const float *result = b->result + r * b->resultRowStride;
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) {
            if (!b->accumulates) {
                sums[r][v] = splat(0.0f);
            } else if (v < whole) {
                sums[r][v] = load(result + v * vectorWidth);
            } else {
                sums[r][v] = load_part(result + v * vectorWidth, rest, 0.0f);
            }
        }
    }
    const float *left = b->left, *panel = b->panel;
    for (int64_t k = 0; k < b->depth; k++, left += b->leftInnerStride, panel += vectors * vectorWidth) {
        vfloat right[matmulVectors];
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) right[v] = load(panel + v * vectorWidth);
        APUS_UNROLL
        for (int r = 0; r < rows; r++) {
            const vfloat element = splat(left[r * b->leftRowStride]);
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) sums[r][v] = multiply_add(element, right[v], sums[r][v]);
        }
    }
    APUS_UNROLL
    for (int r = 0; r < rows; r++) {
        float *result = b->result + r * b->resultRowStride;
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) {
            if (v < whole) {
                store(result + v * vectorWidth, sums[r][v]);
            } else {
                store_part(result + v * vectorWidth, rest, sums[r][v]);
            }
        }
    }
}

typedef void (*MatMulBlockFunction)(const MatMulBlock *);

#define APUS_MATMUL_BLOCK(rows)                                                                                        \
    static void matmul_block_##rows##_1(const MatMulBlock *b) { multiply_block(b, rows, 1); }                          \
    static void matmul_block_##rows##_2(const MatMulBlock *b) { multiply_block(b, rows, 2); }                          \
    static void matmul_block_##rows##_3(const MatMulBlock *b) { multiply_block(b, rows, 3); }
#define APUS_MATMUL_ROW(rows) {matmul_block_##rows##_1, matmul_block_##rows##_2, matmul_block_##rows##_3}

APUS_MATMUL_BLOCK(1)
APUS_MATMUL_BLOCK(2)
APUS_MATMUL_BLOCK(3)
APUS_MATMUL_BLOCK(4)
#if APUS_VECTOR_WIDTH == 16
APUS_MATMUL_BLOCK(5)
APUS_MATMUL_BLOCK(6)
APUS_MATMUL_BLOCK(7)
APUS_MATMUL_BLOCK(8)
#endif
static const MatMulBlockFunction matmulBlocks[matmulRows][matmulVectors] = {
    APUS_MATMUL_ROW(1), APUS_MATMUL_ROW(2), APUS_MATMUL_ROW(3), APUS_MATMUL_ROW(4),
#if APUS_VECTOR_WIDTH == 16
    APUS_MATMUL_ROW(5), APUS_MATMUL_ROW(6), APUS_MATMUL_ROW(7), APUS_MATMUL_ROW(8),
#endif
};

/// The inner indices [begin, end) of the columns from `column` on as [inner index][vectors], with zeros behind the last.
static void pack_panel(
    const ApusMatMul *m, const float *right, int64_t column, int vectors, int64_t begin, int64_t end, float *panel)
{
    const int64_t width = vectors * vectorWidth;
    for (int v = 0; v < vectors; v++) {
        const int64_t first = column + v * vectorWidth, own = smaller(vectorWidth, m->columns - first);
        float *target = panel + v * vectorWidth;
        int64_t k = begin;
        if (m->transposesRight) {
            const float *rows[vectorWidth];
            for (int i = 0; i < vectorWidth; i++) rows[i] = right + smaller(first + i, m->columns - 1) * m->inner;
            for (; k + vectorWidth <= end; k += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(rows[i] + k);
                transpose_square(square);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(target + (k - begin + i) * width, square[i]);
            }
            for (; k < end; k++) {
                for (int i = 0; i < vectorWidth; i++) target[(k - begin) * width + i] = rows[i][k];
            }
        } else if (own == vectorWidth) {
            for (; k < end; k++) store(target + (k - begin) * width, load(right + k * m->columns + first));
        } else {
            for (; k < end; k++) {
                store(target + (k - begin) * width, load_part(right + k * m->columns + first, own, 0.0f));
            }
        }
    }
}

/// Adds the bias to rows of the result's columns [first, first + count), and applies the activation.
static void finish_rows(
    const ApusMatMul *m, const float *bias, ApusActivation activation, float *result, int64_t rows, int64_t first,
    int64_t count)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = result + r * m->columns;
        for (int64_t c = 0; c < count; c += vectorWidth) {
            const int64_t own = smaller(vectorWidth, count - c);
            if (own == vectorWidth) {
                const vfloat start = bias ? load(bias + first + c) : splat(0.0f);
                store(row + c, vector_activate(load(row + c) + start, activation));
            } else {
                const vfloat start = bias ? load_part(bias + first + c, own, 0.0f) : splat(0.0f);
                store_part(row + c, own, vector_activate(load_part(row + c, own, 0.0f) + start, activation));
            }
        }
    }
}

static void matmul_kernel(
    const ApusMatMul *m, const float *left, const float *right, const float *bias, ApusActivation activation,
    float *result, int64_t begin, int64_t end)
{
    const int64_t rowBlocks = (m->rows + matmulRows - 1) / matmulRows;
    _Alignas(64) float packed[matmulPanelFloats];
    while (begin < end) {
        // The rows of one panel.
        const int64_t panel = begin / rowBlocks, last = smaller(end, (panel + 1) * rowBlocks);
        const int64_t firstRow = (begin - panel * rowBlocks) * matmulRows;
        const int64_t endRow = smaller(m->rows, (last - panel * rowBlocks) * matmulRows);
        const int64_t column = panel * matmulWidth, columns = smaller(matmulWidth, m->columns - column);
        const int vectors = (int)((columns + vectorWidth - 1) / vectorWidth);
        for (int64_t k = 0; k < m->inner; k += matmulDepth) {
            const int64_t depth = smaller(matmulDepth, m->inner - k);
            pack_panel(m, right, column, vectors, k, k + depth, packed);
            for (int64_t row = firstRow; row < endRow;) {
                const int rows = next_block(endRow - row, matmulRows);
                float *place = result + row * m->columns + column;
                const MatMulBlock block = {
                    left + row * m->leftRowStride + k * m->leftInnerStride, m->leftRowStride, m->leftInnerStride,
                    packed, depth, k > 0, place, m->columns, columns};
                matmulBlocks[rows - 1][vectors - 1](&block);
                const int isComplete = k + depth == m->inner;
                if (isComplete && (bias || activation != ApusActivationNone)) {
                    finish_rows(m, bias, activation, place, rows, column, columns);
                }
                row += rows;
            }
        }
        begin = last;
    }
}

#endif
