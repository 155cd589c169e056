/// Filters of convolutions with channels in blocks: [O / block][C / block][KH][KW][block of C][block of O] (oneDNN's
/// OIhw8i8o for AVX2) of some of the taps. On a plane of one pixel a kernel of 3×3 has one tap that meets it.
///
/// A block of channels is a vector.
#ifndef APUS_BLOCK_FILTERS_H
#define APUS_BLOCK_FILTERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of the filters, and the taps that are laid out.
typedef struct ApusBlockFilters {
    int64_t outputBlocks, inputBlocks, kernelHeight, kernelWidth;
    int64_t firstRow, rows, firstColumn, columns;
} ApusBlockFilters;

/// Lays out filters [O][C][KH][KW] for the tasks [begin, end) of O / block × C / block, of which the latter run fastest.
void apus_block_filters(const ApusBlockFilters *f, const float *filters, float *blocks, int64_t begin, int64_t end);

/// The filters of the gradient of the input, [C / block][O / block][KH][KW][block of O][block of C], for the blocks
/// [begin, end) of C.
void apus_block_filters_turned(
    const ApusBlockFilters *f, const float *blocks, float *turned, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
