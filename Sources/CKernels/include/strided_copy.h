/// Copies between strided and contiguous arrays of elements of 1, 4 or 8 bytes.
#ifndef APUS_STRIDED_COPY_H
#define APUS_STRIDED_COPY_H

#include <stdint.h>

#include "pointwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Gathers the positions [begin, end), in row-major order of `shape`, of a strided source into a contiguous array.
///
/// - elementSize: 1, 4 or 8 bytes; another traps.
/// - rank, shape, strides: rank 0...APUS_MAX_RANK; strides of the source in elements, 0 and negative ones included.
/// - source: the element at index (0, 0, …). destination: position 0.
/// Whole rows are copied at once where the last stride is 1; where the last but one is 1 (a transposed matrix), in
/// square blocks.
void apus_strided_gather(
    int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void *destination,
    int64_t begin, int64_t end);

/// Scatters the positions [begin, end) of a contiguous source into a strided destination; the inverse of
/// `apus_strided_gather`. No two positions may have the same place.
void apus_strided_scatter(
    int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void *destination,
    int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
