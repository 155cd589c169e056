/// The gated linear unit a · σ(b) of the two halves of each row.
#ifndef APUS_GATED_LINEAR_UNIT_H
#define APUS_GATED_LINEAR_UNIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y[r][i] = x[r][i] · σ(x[r][half + i]) for the results [begin, end) of all rows, of `half` each.
///
/// The result may not lie in the input's memory.
void apus_gated_linear_unit_forward(const float *x, int64_t half, float *y, int64_t begin, int64_t end);

/// dx[r][i] = dy · σ(b) and dx[r][half + i] = dy · a · σ(b) · σ(-b), for the gradients [begin, end) of all rows.
///
/// The result may lie in the memory of x.
void apus_gated_linear_unit_backward(
    const float *x, const float *gradient, int64_t half, float *inputGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
