/// Reductions of contiguous float32 views [outer, reduce, inner] over the middle dimension.
#ifndef APUS_REDUCTION_H
#define APUS_REDUCTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a reduction computes. Maximum and minimum are NaN when any element is.
typedef enum ApusReduction {
    ApusReductionSum = 0,
    ApusReductionMean = 1,
    ApusReductionMaximum = 2,
    ApusReductionMinimum = 3,
    ApusReductionProduct = 4
} ApusReduction;

/// Reduces x [outer, reduce, inner] to y [outer, inner], for the output positions [begin, end) of outer · inner.
///
/// Sums are pairwise: the error grows with log₂ of the length. The result does not depend on how the output positions
/// are split into ranges. To sum few long rows in parallel, reduce a view [outer · chunks, reduce / chunks, 1] first
/// and its result [outer, chunks, 1] afterwards, with a number of chunks that does not depend on the threads.
/// Over no elements the sum is 0, the product 1, the mean NaN, the maximum -infinity and the minimum infinity.
void apus_reduce(
    ApusReduction reduction, const float *x, int64_t outer, int64_t reduce, int64_t inner, float *y, int64_t begin,
    int64_t end);

/// The sums of the columns [beginColumn, endColumn) of x [rows, columns], as the gradient of a bias needs them.
///
/// - y: [columns]; overwritten, or added to if `accumulate` is not 0.
void apus_column_sum(
    const float *x, int64_t rows, int64_t columns, float *y, int accumulate, int64_t beginColumn, int64_t endColumn);

/// The place of the largest element (the smallest if `smallest` is not 0) of x [outer, reduce, inner] along the middle
/// dimension, for the output positions [begin, end) of outer · inner. The first of equal ones; the first NaN, if any.
void apus_arg_extremum(
    int smallest, const float *x, int64_t outer, int64_t reduce, int64_t inner, int64_t *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
