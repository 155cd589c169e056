/// Convolutions with groups of few channels, in the plain layout [N, C, D, H, W].
///
/// oneDNN fills its vectors with the channels of a group. Where these are few and not those that its kernels are made
/// for, these kernels fill the vectors with a row's elements instead: a depthwise convolution of any kernel, stride and
/// dilation, for example.
#ifndef APUS_PLANE_CONVOLUTION_H
#define APUS_PLANE_CONVOLUTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a convolution, for depth, height and width; a dimension that it lacks has size, kernel, stride and
/// dilation 1 and no padding.
typedef struct ApusPlaneConvolution {
    int64_t groups;
    int64_t inputsPerGroup;
    int64_t outputsPerGroup;
    int64_t input[3];
    int64_t output[3];
    int64_t kernel[3];
    int64_t stride[3];
    /// Before the first element, at least 0. What follows the last one is known by the output's size.
    int64_t padding[3];
    int64_t dilation[3];
} ApusPlaneConvolution;

/// The floats of working memory that each thread needs, for any of the three directions.
int64_t apus_plane_convolution_scratch(const ApusPlaneConvolution *convolution);

/// y = convolution of x, plus bias where that is not NULL, for the tasks [begin, end) of N · groups.
void apus_plane_convolution_forward(
    const ApusPlaneConvolution *convolution, const float *input, const float *weights, const float *bias,
    float *output, float *scratch, int64_t begin, int64_t end);

/// The gradient of the input, plus bias [C] where that is not NULL, for the tasks [begin, end) of N · groups.
void apus_plane_convolution_input_gradient(
    const ApusPlaneConvolution *convolution, const float *outputGradient, const float *weights, const float *bias,
    float *inputGradient, float *scratch, int64_t begin, int64_t end);

/// The gradients of one group's weights and, where that is not NULL, bias, summed over the samples [beginSample,
/// endSample): overwrites the group's part of the two arrays.
void apus_plane_convolution_weight_gradient(
    const ApusPlaneConvolution *convolution, const float *input, const float *outputGradient, float *weightsGradient,
    float *biasGradient, float *scratch, int64_t group, int64_t beginSample, int64_t endSample);

#ifdef __cplusplus
}
#endif

#endif
