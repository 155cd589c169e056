/// Softmax, log-softmax and cross-entropy over the rows of a contiguous matrix [rows, classes].
///
/// Each function works on the rows [begin, end); arguments point to row 0. Results may lie in the inputs' memory.
#ifndef APUS_SOFTMAX_H
#define APUS_SOFTMAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y = exp(x - max x) / Σ exp(x - max x), for each row.
void apus_softmax_forward(const float *x, int64_t classes, float *y, int64_t begin, int64_t end);

/// dx = y · (dy - Σ dy · y), for each row, where y is the softmax.
void apus_softmax_backward(
    const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end);

/// y = x - max x - ln Σ exp(x - max x), for each row.
void apus_log_softmax_forward(const float *x, int64_t classes, float *y, int64_t begin, int64_t end);

/// dx = dy - exp(y) · Σ dy, for each row, where y is the log-softmax.
void apus_log_softmax_backward(
    const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end);

/// The place of the first label that is neither in 0 ..< classes nor `ignoreIndex`, or -1.
int64_t apus_first_label_out_of_range(const int64_t *labels, int64_t count, int64_t classes, int64_t ignoreIndex);

#ifdef __cplusplus
}
#endif

#endif
