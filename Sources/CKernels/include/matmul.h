/// Products of small matrices.
#ifndef APUS_MATMUL_H
#define APUS_MATMUL_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a product of [rows, inner] and [inner, columns], each row-major or transposed.
typedef struct ApusMatMul {
    int64_t rows;
    int64_t columns;
    int64_t inner;
    /// From one row, and from one inner index, of the left factor to the next, in floats.
    int64_t leftRowStride;
    int64_t leftInnerStride;
    /// Whether the right factor lies as [columns, inner].
    int32_t transposesRight;
} ApusMatMul;

/// Vectors of a panel of columns, and rows of a block, where a vector has `width` floats.
#define APUS_MATMUL_PANEL_VECTORS 3
#define APUS_MATMUL_BLOCK_ROWS(width) ((width) == 16 ? 8 : 4)

/// The pieces of work of the kernels that run: blocks of rows within panels of columns.
int64_t apus_matmul_blocks(const ApusMatMul *matmul);

/// activation(left · right + bias) for the blocks [begin, end): result [rows, columns].
///
/// Each element is summed along the inner index from first to last, whatever the blocks.
/// - bias: [columns], or NULL for none.
void apus_matmul(
    const ApusMatMul *matmul, const float *left, const float *right, const float *bias, ApusActivation activation,
    float *result, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
