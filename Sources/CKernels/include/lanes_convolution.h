/// Convolution in the lanes layout (see `lanes_layout.h`), for few channels: intended below about 32.
///
/// Any strides and zero padding; dilation 1 and one group of channels only; kernel height × width × channels, those of
/// the input as well as those of the output, at most APUS_LANES_PACKED_WEIGHTS.
/// Arguments point to group 0 of 16 images. Vectors of the last group that hold no image are left as they are. Rows of
/// the result are numbered through the groups: row y of group g is g · H + y. Weights are plain [O, I, KH, KW].
#ifndef APUS_LANES_CONVOLUTION_H
#define APUS_LANES_CONVOLUTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The floats of working memory, on the stack (48 KiB), for weights in the order in which they are read.
#define APUS_LANES_PACKED_WEIGHTS 12288

/// The sizes of a convolution. Output sizes are the caller's: (H + padding both sides - KH) / strideHeight + 1;
/// padding below and to the right follows from them.
typedef struct ApusLanesConvolution {
    int64_t images;
    int32_t inputChannels;
    int32_t outputChannels;
    int32_t inputHeight;
    int32_t inputWidth;
    int32_t outputHeight;
    int32_t outputWidth;
    int32_t kernelHeight;
    int32_t kernelWidth;
    int32_t strideHeight;
    int32_t strideWidth;
    int32_t paddingTop;
    int32_t paddingLeft;
} ApusLanesConvolution;

/// A function applied to each result.
typedef enum ApusActivation {
    ApusActivationNone = 0,
    ApusActivationRelu = 1,
    ApusActivationSigmoid = 2,
    ApusActivationTanh = 3
} ApusActivation;

/// activation(x * w + b): input [I][H][W][16] → output [O][OH][OW][16] for each group, the rows [beginRow, endRow).
///
/// - bias: [O], or NULL for none.
void apus_lanes_convolution_forward(
    const ApusLanesConvolution *convolution, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, int64_t beginRow, int64_t endRow);

/// activation(maxPool2×2(x * w + b)): input [I][H][W][16] → output [O][OH/2][OW/2][16] for each group, the rows
/// [beginRow, endRow) of OH/2 each.
///
/// The maximum is taken before the activation, which is monotone, so a quarter of the activations remains. Where two
/// values differ before and are equal after it (a saturated sigmoid), the index is that of the larger before.
/// - index: bytes of the output's shape, 0...3: the row-major place of the maximum in its window, the first of equal
///   ones; NaN counts as the largest. A last odd row or column of the convolution is dropped, as max pooling does.
void apus_lanes_convolution_pool_forward(
    const ApusLanesConvolution *convolution, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, uint8_t *index, int64_t beginRow, int64_t endRow);

/// The gradient of the input: outputGradient [O][OH][OW][16] → inputGradient [I][H][W][16], overwritten, the rows
/// [beginRow, endRow) of H each.
void apus_lanes_convolution_input_gradient(
    const ApusLanesConvolution *convolution, const float *outputGradient, const float *weights, float *inputGradient,
    int64_t beginRow, int64_t endRow);

/// Floats of one accumulator for the gradients of weights and bias: [O][I][KH][KW], then [O], a vector each.
int64_t apus_lanes_weight_accumulator_size(const ApusLanesConvolution *convolution);

/// The share of the groups [beginGroup, endGroup) in the gradients of weights and bias of the output channels
/// [beginChannel, endChannel), into their places in an accumulator, which are overwritten.
///
/// Lanes of `outputGradient` that stand for no image must be zero in vectors that hold others. For results that repeat
/// bit for bit on any number of threads give each fixed chunk of groups an accumulator of its own, not each thread.
void apus_lanes_convolution_weight_gradient(
    const ApusLanesConvolution *convolution, const float *input, const float *outputGradient, float *accumulator,
    int64_t beginGroup, int64_t endGroup, int64_t beginChannel, int64_t endChannel);

/// Sums accumulators, one after the other in memory, in their order, and the lanes of each sum, as a tree: the numbers
/// [begin, end) of the O·I·KH·KW weights and, behind them, O biases.
///
/// - weightsGradient: [O, I, KH, KW]; biasGradient: [O], or NULL where no number lies behind the weights. Overwritten.
void apus_lanes_weight_gradient_finish(
    const ApusLanesConvolution *convolution, const float *accumulators, int64_t accumulatorCount,
    float *weightsGradient, float *biasGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
