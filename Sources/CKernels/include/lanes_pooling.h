/// Pooling in the lanes layout (see `lanes_layout.h`), and of blocks of 16 or 8 channels.
///
/// Each function works on the planes [beginPlane, endPlane): the channels of all groups of 16 images, or the blocks of
/// channels of all images; tensor arguments point to plane 0.
#ifndef APUS_LANES_POOLING_H
#define APUS_LANES_POOLING_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a pooling. Output sizes are the caller's (floor or ceil mode), such that each window meets the input.
typedef struct ApusLanesPooling {
    int32_t inputHeight;
    int32_t inputWidth;
    int32_t outputHeight;
    int32_t outputWidth;
    int32_t kernelHeight;
    int32_t kernelWidth;
    int32_t strideHeight;
    int32_t strideWidth;
    int32_t paddingHeight;
    int32_t paddingWidth;
    /// Numbers side by side: 16 images, or the channels of a block, 16 or 8; a multiple of the vector's width.
    int32_t lanes;
} ApusLanesPooling;

/// Maximum of each window: input [H][W][lanes] → output [OH][OW][lanes], index bytes of the output's shape.
///
/// An index is the row-major place in the window, dy·kernelWidth + dx: the kernel has at most 256 places. The first of
/// equal maxima wins, NaN wins over all; padding never does (PyTorch's max_pool2d).
void apus_lanes_max_pool_forward(
    const ApusLanesPooling *pooling, const float *input, float *output, uint8_t *index, int64_t beginPlane,
    int64_t endPlane);

/// The gradient of the input of max pooling, overwritten: each output's gradient goes to its maximum's place.
void apus_lanes_max_pool_backward(
    const ApusLanesPooling *pooling, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginPlane, int64_t endPlane);

/// Mean of each window, as PyTorch's avg_pool2d: the sum over the window's elements inside the input, divided by
/// `divisorOverride` if that is not 0, else by the window's size within the padded input (`countIncludePad` not 0) or
/// within the input.
void apus_lanes_average_pool_forward(
    const ApusLanesPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginPlane, int64_t endPlane);

/// The gradient of the input of average pooling, overwritten, or of what was activated to that input.
///
/// - activated: the pooling's input where it is an activation's result; read only where `activation` is not None.
void apus_lanes_average_pool_backward(
    const ApusLanesPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    const float *activated, ApusActivation activation, float *inputGradient, int64_t beginPlane, int64_t endPlane);

#ifdef __cplusplus
}
#endif

#endif
