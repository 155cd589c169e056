/// Batch normalisation in the plain layout [N, C, plane], plane = H · W (Ioffe and Szegedy 2015).
///
/// Each function works on the channels [begin, end); tensor arguments point to channel 0 of image 0. For each channel
/// the result is the same however the channels are split into ranges.
#ifndef APUS_BATCH_NORMALIZATION_H
#define APUS_BATCH_NORMALIZATION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Mean and biased variance (divided by N · plane) of each channel, [C].
///
/// One sweep over memory: sums and centred squares of each piece while it is in the cache, joined by Chan, Golub and
/// LeVeque's formula in double precision.
void apus_batch_statistics(
    const float *x, int64_t images, int64_t channels, int64_t plane, float *mean, float *variance, int64_t begin,
    int64_t end);

/// y = (x - mean) / √(variance + epsilon) · weight + bias + addend, then max(y, 0) if `relu` is not 0. y may be x.
///
/// - addend: like x, or NULL for none.
/// - weight, bias: [C], or NULL for 1 and 0.
void apus_batch_normalize(
    const float *x, int64_t images, int64_t channels, int64_t plane, const float *mean, const float *variance,
    float epsilon, const float *weight, const float *bias, const float *addend, int relu, float *y, int64_t begin,
    int64_t end);

/// The gradients behind `apus_batch_normalize`.
///
/// With x̂ = (x - mean) / √(variance + epsilon) and M = N · plane:
/// biasGradient = Σ dy, weightGradient = Σ dy · x̂, and
/// dx = weight / √(variance + epsilon) · (dy - Σ dy / M - x̂ · Σ(dy · x̂) / M) if `training` is not 0 (the statistics
/// come from x), else dx = weight / √(variance + epsilon) · dy.
/// - reluResult: the result of the forward pass if that applied relu (dy then counts only where it is positive),
///   else NULL.
/// - inputGradient, weightGradient, biasGradient: overwritten; any may be NULL. inputGradient may be outputGradient.
void apus_batch_normalization_backward(
    const float *x, const float *outputGradient, const float *reluResult, int64_t images, int64_t channels,
    int64_t plane, const float *mean, const float *variance, float epsilon, const float *weight, int training,
    float *inputGradient, float *weightGradient, float *biasGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
