/// Running sums and products of contiguous float32 views [outer, length, inner] along the middle dimension.
#ifndef APUS_SCAN_H
#define APUS_SCAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y[o, k, i] = x[o, 0, i] + … + x[o, k, i], or the product, for the rows [begin, end) of outer · inner.
///
/// - product: not 0 for products.
/// - reversed: not 0 to start at the last element.
/// The running value has double precision.
void apus_scan(
    int product, int reversed, const float *x, int64_t length, int64_t inner, float *y, int64_t begin, int64_t end);

/// Copies rows of matrices [.., rows, columns] and zeroes what is on one side of a diagonal, for the rows [begin, end)
/// of all matrices. Elements with column - row <= diagonal stay, or those with >= if `upper` is not 0.
///
/// - elementSize: 1, 4 or 8 bytes; another traps.
/// - diagonal: in [-rows, columns].
void apus_triangle(
    int elementSize, int upper, int64_t diagonal, int64_t rows, int64_t columns, const void *x, void *y, int64_t begin,
    int64_t end);

#ifdef __cplusplus
}
#endif

#endif
