/// Taking and putting elements by position along the middle of contiguous views [outer, size, inner].
///
/// Elements are 1, 4 or 8 bytes wide; another size traps. Positions must lie in [0, size): see
/// `apus_index_out_of_range`, which is asked beforehand.
#ifndef APUS_INDEXING_H
#define APUS_INDEXING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a view and of the positions along its middle dimension: [outer, count, inner].
typedef struct ApusIndexing {
    int64_t outer;
    int64_t size;
    int64_t count;
    int64_t inner;
} ApusIndexing;

/// Sets *found to 1 if any of the positions [begin, end) of `index` is outside of [0, size); leaves it alone otherwise.
/// Threads may share `found`.
void apus_index_out_of_range(const int64_t *index, int64_t size, int32_t *found, int64_t begin, int64_t end);

/// y[o, k, i] = x[o, index[o, k, i], i], for the flat positions [begin, end) of y.
void apus_gather_elements(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end);

/// y[o, index[o, k, i], i] = x[o, k, i], for all k, in order, of the rows [begin, end) of outer · inner.
void apus_scatter_elements(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end);

/// y[o, index[o, k, i], i] += x[o, k, i], for all k, in order, of the rows [begin, end) of outer · inner.
void apus_scatter_add_elements(
    const ApusIndexing *sizes, const float *x, const int64_t *index, float *y, int64_t begin, int64_t end);

/// y[o, k, :] = x[o, index[k], :], for the slices [begin, end) of outer · count.
void apus_select_slices(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end);

/// y[o, index[k], i] += x[o, k, i], for all k, in order, of the rows [begin, end) of outer · inner.
///
/// - frozen: a position whose slices are left out, or -1.
void apus_add_slices(
    const ApusIndexing *sizes, const float *x, const int64_t *index, int64_t frozen, float *y, int64_t begin,
    int64_t end);

/// y[o, (s + shift) mod size, i] = x[o, s, i], for the flat positions [begin, end) of y; `count` is not read.
///
/// - shift: in [0, size).
void apus_roll(
    const ApusIndexing *sizes, int elementSize, int64_t shift, const void *x, void *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
