/// Pooling of planes in the plain layout: a plane is all that one sample and channel have, [D, H, W].
///
/// One and two spatial dimensions have a depth (and height) of one. Each function works on the planes [begin, end);
/// tensor arguments point to plane 0. `scratch` are `apus_pooling_scratch_floats` floats that nobody else uses
/// meanwhile. A plane has fewer than 2³⁰ elements.
#ifndef APUS_POOLING_H
#define APUS_POOLING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One dimension of a pooling. The output's size is the caller's (floor or ceil mode).
typedef struct ApusPoolingAxis {
    int64_t input;
    int64_t output;
    /// The elements of a window; 0 for adaptive windows ⌊o · input / output⌋ ..< ⌈(o + 1) · input / output⌉, for which
    /// the rest means nothing.
    int64_t kernel;
    int64_t stride;
    int64_t padding;
    /// The distance of a window's elements; 1 for average pooling.
    int64_t dilation;
} ApusPoolingAxis;

/// The sizes of a pooling.
typedef struct ApusPooling {
    ApusPoolingAxis depth;
    ApusPoolingAxis height;
    ApusPoolingAxis width;
} ApusPooling;

/// Whether the windows along a row are computed for a vector of outputs at a time.
int apus_pooling_has_vector_rows(const ApusPooling *pooling);

/// The floats of working memory that a call needs.
int64_t apus_pooling_scratch_floats(const ApusPooling *pooling);

/// Maximum of each window (PyTorch's max_pool and adaptive_max_pool).
///
/// - position: where each maximum is in its plane, row-major, or NULL. The first of equal maxima wins, the last NaN wins
///   over all; -1 where a dilated window meets padding only (its maximum is -∞).
void apus_max_pool_forward(
    const ApusPooling *pooling, const float *input, float *output, int64_t *position, float *scratch, int64_t begin,
    int64_t end);

/// Mean of each window (PyTorch's avg_pool and adaptive_avg_pool): the sum over the window's elements inside the input,
/// divided by `divisorOverride` if that is not 0, else by the window's size within the padded input (`countIncludePad`
/// not 0; never for adaptive windows) or within the input.
void apus_average_pool_forward(
    const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    float *scratch, int64_t begin, int64_t end);

/// The gradient of the input of average pooling, overwritten.
void apus_average_pool_backward(
    const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, float *scratch, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
