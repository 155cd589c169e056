/// The gradient of a lanes convolution's weights and bias.
#ifndef APUS_LANES_WEIGHT_GRADIENT_KERNEL_H
#define APUS_LANES_WEIGHT_GRADIENT_KERNEL_H

#include "../include/lanes_convolution.h"
#include "lanes_taps.h"

enum {
    maximumTaps = 5,
    /// Of a block's gradient rows, which stay in the first-level cache (of 32 KiB or more) for all input channels and
    /// taps.
    gradientBytes = 24 * 1024,
    maximumGradientChannels = 6,
#if APUS_VECTOR_REGISTERS >= 32
    gradientAccumulators = 25,
#else
    gradientAccumulators = 12,
#endif
};

/// One block's work: taps neighbouring in a kernel row × output channels, over a rectangle of output pixels under which
/// all taps lie in the input. Steps and strides are in floats.
typedef struct {
    /// The input under the block's first tap at the rectangle's first pixel.
    const float *input;
    int64_t inputStep;
    int64_t inputRowStep;
    const float *gradient;
    int64_t gradientRowStep;
    int64_t gradientChannelStride;
    int64_t rows, columns;
    /// The vectors of a pixel that hold images.
    int vectors;
    /// A vector for each weight, which the vectors of a group of images share: its lanes are added in the end anyway.
    float *sums;
    int64_t sumsChannelStride;
} GradientBlock;

/// `vectors` are those of a pixel.
APUS_INLINE void accumulate_pixels(
    const GradientBlock *b, const int vectors, const int taps, const int channels,
    vfloat sums[maximumGradientChannels][maximumTaps])
{
    const float *inputRow = b->input, *gradientRow = b->gradient;
    const int64_t inputStep = b->inputStep, channelStride = b->gradientChannelStride;
    for (int64_t y = 0; y < b->rows; y++, inputRow += b->inputRowStep, gradientRow += b->gradientRowStep) {
        const float *input = inputRow, *gradient = gradientRow;
        const float *end = gradient + b->columns * lanesWidth;
        for (; gradient < end; input += inputStep, gradient += lanesWidth) {
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) {
                vfloat value[maximumTaps];
                APUS_UNROLL
                for (int k = 0; k < taps; k++) value[k] = load(input + k * lanesWidth + v * vectorWidth);
                APUS_UNROLL
                for (int c = 0; c < channels; c++) {
                    vfloat g = load(gradient + c * channelStride + v * vectorWidth);
                    APUS_UNROLL
                    for (int k = 0; k < taps; k++) sums[c][k] = multiply_add(value[k], g, sums[c][k]);
                }
            }
        }
    }
}

APUS_INLINE void accumulate_gradient(const GradientBlock *b, const int taps, const int channels)
{
    vfloat sums[maximumGradientChannels][maximumTaps];
    APUS_UNROLL
    for (int c = 0; c < channels; c++) {
        APUS_UNROLL
        for (int k = 0; k < taps; k++) sums[c][k] = load(b->sums + c * b->sumsChannelStride + k * vectorWidth);
    }
    if (b->vectors == laneVectors) {
        accumulate_pixels(b, laneVectors, taps, channels, sums);
    } else {
        // What is left of the last group.
        GradientBlock part = *b;
        for (int v = 0; v < b->vectors; v++, part.input += vectorWidth, part.gradient += vectorWidth) {
            accumulate_pixels(&part, 1, taps, channels, sums);
        }
    }
    APUS_UNROLL
    for (int c = 0; c < channels; c++) {
        APUS_UNROLL
        for (int k = 0; k < taps; k++) store(b->sums + c * b->sumsChannelStride + k * vectorWidth, sums[c][k]);
    }
}

#define APUS_GRADIENT_BLOCK(taps, channels)                                                                            \
    static void gradient_block_##taps##_##channels(const GradientBlock *b) { accumulate_gradient(b, taps, channels); }
#define APUS_GRADIENT_BLOCKS(taps)                                                                                     \
    APUS_GRADIENT_BLOCK(taps, 1)                                                                                       \
    APUS_GRADIENT_BLOCK(taps, 2)                                                                                       \
    APUS_GRADIENT_BLOCK(taps, 3)                                                                                       \
    APUS_GRADIENT_BLOCK(taps, 4)                                                                                       \
    APUS_GRADIENT_BLOCK(taps, 5)                                                                                       \
    APUS_GRADIENT_BLOCK(taps, 6)
#define APUS_GRADIENT_ROW(taps)                                                                                        \
    {gradient_block_##taps##_1, gradient_block_##taps##_2, gradient_block_##taps##_3,                                  \
     gradient_block_##taps##_4, gradient_block_##taps##_5, gradient_block_##taps##_6}

typedef void (*GradientBlockFunction)(const GradientBlock *);

APUS_GRADIENT_BLOCKS(1)
APUS_GRADIENT_BLOCKS(2)
APUS_GRADIENT_BLOCKS(3)
APUS_GRADIENT_BLOCKS(4)
APUS_GRADIENT_BLOCKS(5)
static const GradientBlockFunction gradientBlocks[maximumTaps][maximumGradientChannels] = {
    APUS_GRADIENT_ROW(1), APUS_GRADIENT_ROW(2), APUS_GRADIENT_ROW(3), APUS_GRADIENT_ROW(4), APUS_GRADIENT_ROW(5)};

/// The sum of the first `vectors` of each of some pixels that lie side by side.
static void gradient_bias(const float *gradient, int64_t pixels, int vectors, float *sum)
{
    vfloat s[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
    if (vectors == laneVectors) {
        const int64_t all = pixels * laneVectors;
        int64_t v = 0;
        for (; v + 4 <= all; v += 4) {
            APUS_UNROLL
            for (int k = 0; k < 4; k++) s[k] += load(gradient + (v + k) * vectorWidth);
        }
        for (; v < all; v++) s[0] += load(gradient + v * vectorWidth);
    } else {
        for (int64_t p = 0; p < pixels; p++) {
            for (int v = 0; v < vectors; v++) s[v] += load(gradient + p * lanesWidth + v * vectorWidth);
        }
    }
    store(sum, load(sum) + ((s[0] + s[1]) + (s[2] + s[3])));
}

/// The taps of one kernel row for one input channel and a block of output channels.
/// `b` points to input column 0, output column 0 and tap 0.
static void gradient_kernel_row(const ApusLanesConvolution *c, const GradientBlock *b, int channels)
{
    for (int64_t k = 0; k < c->kernelWidth;) {
        const int taps = next_block(c->kernelWidth - k, maximumTaps);
        for (int64_t x = 0; x < c->outputWidth;) {
            // The taps [begin, end) lie in the input.
            const int64_t column = x * c->strideWidth + k - c->paddingLeft, room = c->inputWidth - column - taps;
            const int64_t begin = larger(0, -column), end = smaller(taps, taps + room);
            const int isWhole = end - begin == taps;
            GradientBlock block = *b;
            block.columns = isWhole ? smaller(c->outputWidth - x, room / c->strideWidth + 1) : 1;
            if (end > begin) {
                block.input += (column + begin) * lanesWidth;
                block.gradient += x * lanesWidth;
                block.sums += (k + begin) * vectorWidth;
                gradientBlocks[end - begin - 1][channels - 1](&block);
            }
            x += block.columns;
        }
        k += taps;
    }
}

/// The output positions [*begin, *end) for which tap `tap` of a kernel lies inside an input of `size`.
APUS_INLINE void inside_positions(
    int64_t tap, int64_t stride, int64_t padding, int64_t size, int64_t outputSize, int64_t *begin, int64_t *end)
{
    int64_t reach = size - 1 + padding - tap;
    *begin = smaller(outputSize, larger(0, (padding - tap + stride - 1) / stride));
    *end = reach < 0 ? *begin : larger(*begin, smaller(outputSize, reach / stride + 1));
}

/// One group, the output rows [firstRow, lastRow), a block of output channels; `b` holds the strides, and points to the
/// group's input, the block's output gradient and sums.
static void gradient_rows(
    const ApusLanesConvolution *c, const GradientBlock *b, int64_t firstRow, int64_t lastRow, int channels)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    const int64_t inputRow = (int64_t)c->inputWidth * lanesWidth;
    for (int64_t i = 0; i < c->inputChannels; i++) {
        for (int64_t ky = 0; ky < c->kernelHeight; ky++) {
            int64_t begin, end;
            inside_positions(ky, c->strideHeight, c->paddingTop, c->inputHeight, c->outputHeight, &begin, &end);
            begin = larger(begin, firstRow);
            end = smaller(end, lastRow);
            if (begin >= end) continue;
            GradientBlock part = *b;
            part.rows = end - begin;
            int64_t sourceY = begin * c->strideHeight + ky - c->paddingTop;
            part.input += (i * c->inputHeight + sourceY) * inputRow;
            part.gradient += begin * b->gradientRowStep;
            part.sums += (i * kernel + ky * c->kernelWidth) * vectorWidth;
            gradient_kernel_row(c, &part, channels);
        }
    }
}

static void lanes_convolution_weight_gradient_kernel(
    const ApusLanesConvolution *c, const float *input, const float *outputGradient, float *accumulator,
    int64_t beginGroup, int64_t endGroup, int64_t beginChannel, int64_t endChannel)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    const int64_t inputRow = (int64_t)c->inputWidth * lanesWidth;
    const int64_t outputRow = (int64_t)c->outputWidth * lanesWidth, outputPlane = outputRow * c->outputHeight;
    const int64_t rowTaps = smaller(maximumTaps, c->kernelWidth);
    const int64_t channelLimit = smaller(maximumGradientChannels, gradientAccumulators / rowTaps);
    // The same for smaller blocks, where the channels are split: the order of the sums must not depend on that.
    const int64_t rows = larger(1, gradientBytes / (channelLimit * outputRow * (int64_t)sizeof(float)));
    GradientBlock b = {0};
    b.inputRowStep = c->strideHeight * inputRow;
    b.inputStep = c->strideWidth * lanesWidth;
    b.gradientRowStep = outputRow;
    b.gradientChannelStride = outputPlane;
    b.sumsChannelStride = c->inputChannels * kernel * vectorWidth;
    float *bias = accumulator + c->outputChannels * b.sumsChannelStride;
    const size_t channelBytes = (size_t)(endChannel - beginChannel) * sizeof(float);
    memset(accumulator + beginChannel * b.sumsChannelStride, 0, channelBytes * (size_t)b.sumsChannelStride);
    memset(bias + beginChannel * vectorWidth, 0, channelBytes * vectorWidth);
    for (int64_t g = beginGroup; g < endGroup; g++) {
        b.vectors = computed_lanes(c->images, g) / vectorWidth;
        const float *gradient = outputGradient + g * c->outputChannels * outputPlane;
        b.input = input + g * c->inputChannels * c->inputHeight * inputRow;
        for (int64_t o = beginChannel; o < endChannel;) {
            const int channels = next_block(endChannel - o, channelLimit);
            b.gradient = gradient + o * outputPlane;
            b.sums = accumulator + o * b.sumsChannelStride;
            for (int64_t y = 0; y < c->outputHeight; y += rows) {
                gradient_rows(c, &b, y, smaller(y + rows, c->outputHeight), channels);
            }
            o += channels;
        }
        for (int64_t o = beginChannel; o < endChannel; o++) {
            gradient_bias(
                gradient + o * outputPlane, (int64_t)c->outputHeight * c->outputWidth, b.vectors,
                bias + o * vectorWidth);
        }
    }
}

static void lanes_weight_gradient_finish_kernel(
    const ApusLanesConvolution *c, const float *accumulators, int64_t accumulatorCount, float *weightsGradient,
    float *biasGradient, int64_t begin, int64_t end)
{
    const int64_t weights = (int64_t)c->outputChannels * c->inputChannels * c->kernelHeight * c->kernelWidth;
    const int64_t size = (weights + c->outputChannels) * vectorWidth;
    for (int64_t w = begin; w < end; w++) {
        vfloat lanes = splat(0.0f);
        for (int64_t a = 0; a < accumulatorCount; a++) lanes += load(accumulators + w * vectorWidth + a * size);
        *(w < weights ? weightsGradient + w : biasGradient + (w - weights)) = horizontal_sum(lanes);
    }
}

#endif
