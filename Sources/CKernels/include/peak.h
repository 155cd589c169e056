/// The processor's peak, to set kernels against.
#ifndef APUS_PEAK_H
#define APUS_PEAK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Multiplies and adds in registers, as fast as the processor can.
///
/// - count: what was computed, in products of two floats with a sum.
/// - result: a number that depends on all of it.
void apus_peak_multiply_adds(int64_t rounds, int64_t *count, float *result);

#ifdef __cplusplus
}
#endif

#endif
