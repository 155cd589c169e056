/// Sorting along the middle of contiguous views [outer, length, inner].
#ifndef APUS_SORTING_H
#define APUS_SORTING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Rows that are not contiguous are copied together: as many as floats in a cache line, but fewer long ones.
static inline int64_t apus_sort_gathered_rows(int64_t length)
{
    int64_t rows = 65536 / (length < 1 ? 1 : length);
    return rows < 1 ? 1 : rows > 16 ? 16 : rows;
}

/// Working memory of one thread for `apus_sort_rows`.
size_t apus_sort_scratch_bytes(int64_t length);

/// The `kept` first elements of each row in ascending (or descending) order, for the rows [begin, end) of
/// outer · inner: their values, and their positions along the row.
///
/// - values, positions: [outer, kept, inner].
/// - length: less than 2³².
/// Equal elements keep their order. NaN counts as larger than all numbers, -0 as equal to 0.
void apus_sort_rows(
    const float *x, int64_t length, int64_t inner, int64_t kept, int descending, float *values, int64_t *positions,
    int64_t begin, int64_t end, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
