/// Pooling of planes in the plain layout [N, C, H, W]: a plane is one (image, channel) pair.
///
/// Each function works on the planes [begin, end) of N · C; tensor arguments point to plane 0.
#ifndef APUS_POOLING_H
#define APUS_POOLING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a pooling. Output sizes are the caller's (floor or ceil mode), such that each window meets the input.
typedef struct ApusPooling {
    int64_t inputHeight;
    int64_t inputWidth;
    int64_t outputHeight;
    int64_t outputWidth;
    int64_t kernelHeight;
    int64_t kernelWidth;
    int64_t strideHeight;
    int64_t strideWidth;
    int64_t paddingHeight;
    int64_t paddingWidth;
    /// Distances between a window's elements; 1 for average pooling.
    int64_t dilationHeight;
    int64_t dilationWidth;
} ApusPooling;

/// Maximum of each window (PyTorch's max_pool2d): [H, W] → [OH, OW] for each plane.
///
/// - index: y · W + x of each maximum in its plane, or NULL. The first of equal maxima wins, NaN wins over all; -1 where
///   a dilated window meets padding only.
void apus_max_pool_forward(
    const ApusPooling *pooling, const float *input, float *output, int64_t *index, int64_t begin, int64_t end);

/// The gradient of the input of max pooling, overwritten: each output's gradient is added at its index.
/// Indices outside [0, H · W) are not allowed.
void apus_max_pool_backward(
    const ApusPooling *pooling, const float *outputGradient, const int64_t *index, float *inputGradient, int64_t begin,
    int64_t end);

/// Mean of each window (PyTorch's avg_pool2d): the sum over the window's elements inside the input, divided by
/// `divisorOverride` if that is not 0, else by the window's size within the padded input (`countIncludePad` not 0) or
/// within the input.
void apus_average_pool_forward(
    const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t begin, int64_t end);

/// The gradient of the input of average pooling, overwritten.
void apus_average_pool_backward(
    const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
