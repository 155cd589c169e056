/// The gradient of a lanes convolution's weights and bias.
#ifndef APUS_LANES_WEIGHT_GRADIENT_KERNEL_H
#define APUS_LANES_WEIGHT_GRADIENT_KERNEL_H

#include "../include/lanes_convolution.h"
#include "vector.h"

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

/// One block's work: taps neighbouring in a kernel row × output channels, over a rectangle of output pixels.
typedef struct {
    /// The input under the block's first tap at output column 0 of the first row; may lie outside, left of the input.
    const float *input;
    int64_t inputRowStep;
    /// Input columns from one output column to the next.
    int64_t inputColumns;
    /// The input column under the first tap at output column 0, and the input's width.
    int64_t firstInputColumn;
    int64_t inputWidth;
    const float *gradient;
    int64_t gradientRowStep;
    int64_t gradientChannelStride;
    int64_t rows;
    /// Output columns: [anyBegin, anyEnd) meet the input with some tap, [allBegin, allEnd) with all.
    int64_t anyBegin, allBegin, allEnd, anyEnd;
    /// A vector for each weight, which the vectors of a group of images share: its lanes are added in the end anyway.
    float *sums;
    int64_t sumsChannelStride;
} GradientBlock;

/// Output columns at an edge: only the taps that lie inside.
APUS_INLINE void accumulate_edge(
    const GradientBlock *b, const float *inputRow, const float *gradientRow, int64_t begin, int64_t end,
    const int taps, const int channels, vfloat sums[maximumGradientChannels][maximumTaps])
{
    for (int64_t x = begin; x < end; x++) {
        int64_t column = x * b->inputColumns;
        APUS_UNROLL
        for (int k = 0; k < taps; k++) {
            int64_t inside = b->firstInputColumn + column + k;
            if (inside < 0 || inside >= b->inputWidth) continue;
            for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                vfloat value = load(inputRow + (column + k) * lanesWidth + lane);
                APUS_UNROLL
                for (int c = 0; c < channels; c++) {
                    vfloat g = load(gradientRow + c * b->gradientChannelStride + x * lanesWidth + lane);
                    sums[c][k] = multiply_add(value, g, sums[c][k]);
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
    const float *inputRow = b->input, *gradientRow = b->gradient;
    const int64_t inputStep = b->inputColumns * lanesWidth, channelStride = b->gradientChannelStride;
    for (int64_t y = 0; y < b->rows; y++) {
        accumulate_edge(b, inputRow, gradientRow, b->anyBegin, b->allBegin, taps, channels, sums);
        const float *input = inputRow + b->allBegin * inputStep, *gradient = gradientRow + b->allBegin * lanesWidth;
        for (int64_t x = b->allBegin; x < b->allEnd; x++) {
            APUS_UNROLL
            for (int v = 0; v < laneVectors; v++) {
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
            input += inputStep;
            gradient += lanesWidth;
        }
        accumulate_edge(b, inputRow, gradientRow, b->allEnd, b->anyEnd, taps, channels, sums);
        inputRow += b->inputRowStep;
        gradientRow += b->gradientRowStep;
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

/// The output positions [*begin, *end) for which tap `tap` of a kernel lies inside an input of `size`.
APUS_INLINE void inside_positions(
    int64_t tap, int64_t stride, int64_t padding, int64_t size, int64_t outputSize, int64_t *begin, int64_t *end)
{
    int64_t reach = size - 1 + padding - tap;
    *begin = smaller(outputSize, larger(0, (padding - tap + stride - 1) / stride));
    *end = reach < 0 ? *begin : larger(*begin, smaller(outputSize, reach / stride + 1));
}

static void gradient_bias(const float *gradient, int64_t pixels, float *sum)
{
    const int64_t vectors = pixels * laneVectors;
    vfloat s[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
    int64_t v = 0;
    for (; v + 4 <= vectors; v += 4) {
        APUS_UNROLL
        for (int k = 0; k < 4; k++) s[k] += load(gradient + (v + k) * vectorWidth);
    }
    for (; v < vectors; v++) s[0] += load(gradient + v * vectorWidth);
    store(sum, load(sum) + ((s[0] + s[1]) + (s[2] + s[3])));
}

/// The taps of one kernel row for one input channel and a block of output channels.
/// `b` is set for tap 0 but for the output columns.
static void gradient_kernel_row(const ApusLanesConvolution *c, const GradientBlock *b, int channels)
{
    int64_t limit = smaller(maximumTaps, gradientAccumulators / channels);
    for (int64_t k = 0; k < c->kernelWidth;) {
        int taps = next_block(c->kernelWidth - k, limit);
        int64_t firstBegin, firstEnd, lastBegin, lastEnd;
        inside_positions(k, c->strideWidth, c->paddingLeft, c->inputWidth, c->outputWidth, &firstBegin, &firstEnd);
        inside_positions(
            k + taps - 1, c->strideWidth, c->paddingLeft, c->inputWidth, c->outputWidth, &lastBegin, &lastEnd);
        GradientBlock block = *b;
        block.firstInputColumn = k - c->paddingLeft;
        // The first tap leaves the padding last and comes out of it on the right last.
        block.anyBegin = smaller(firstBegin, lastBegin);
        block.anyEnd = larger(firstEnd, lastEnd);
        block.allBegin = smaller(firstBegin, block.anyEnd);
        block.allEnd = larger(block.allBegin, lastEnd);
        block.anyEnd = larger(block.anyEnd, block.allEnd);
        block.input = b->input + k * lanesWidth;
        block.sums = b->sums + k * vectorWidth;
        gradientBlocks[taps - 1][channels - 1](&block);
        k += taps;
    }
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
            part.input += (i * c->inputHeight + sourceY) * inputRow - c->paddingLeft * lanesWidth;
            part.gradient += begin * b->gradientRowStep;
            part.sums += (i * kernel + ky * c->kernelWidth) * vectorWidth;
            gradient_kernel_row(c, &part, channels);
        }
    }
}

static void lanes_convolution_weight_gradient_kernel(
    const ApusLanesConvolution *c, const float *input, const float *outputGradient, float *accumulator,
    int64_t beginGroup, int64_t endGroup,
    int64_t beginChannel, int64_t endChannel)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    const int64_t inputRow = (int64_t)c->inputWidth * lanesWidth;
    const int64_t outputRow = (int64_t)c->outputWidth * lanesWidth, outputPlane = outputRow * c->outputHeight;
    const int64_t rowTaps = smaller(maximumTaps, c->kernelWidth);
    const int64_t channelLimit = smaller(maximumGradientChannels, gradientAccumulators / rowTaps);
    GradientBlock b = {0};
    b.inputRowStep = c->strideHeight * inputRow;
    b.inputColumns = c->strideWidth;
    b.inputWidth = c->inputWidth;
    b.gradientRowStep = outputRow;
    b.gradientChannelStride = outputPlane;
    b.sumsChannelStride = c->inputChannels * kernel * vectorWidth;
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *gradient = outputGradient + g * c->outputChannels * outputPlane;
        b.input = input + g * c->inputChannels * c->inputHeight * inputRow;
        for (int64_t o = beginChannel; o < endChannel;) {
            int channels = next_block(endChannel - o, channelLimit);
            int64_t rows = larger(1, gradientBytes / (channels * outputRow * (int64_t)sizeof(float)));
            b.gradient = gradient + o * outputPlane;
            b.sums = accumulator + o * b.sumsChannelStride;
            for (int64_t y = 0; y < c->outputHeight; y += rows) {
                gradient_rows(c, &b, y, smaller(y + rows, c->outputHeight), channels);
            }
            o += channels;
        }
        float *bias = accumulator + c->outputChannels * b.sumsChannelStride;
        for (int64_t o = beginChannel; o < endChannel; o++) {
            gradient_bias(
                gradient + o * outputPlane, (int64_t)c->outputHeight * c->outputWidth, bias + o * vectorWidth);
        }
    }
}

static void lanes_weight_gradient_finish_kernel(
    const ApusLanesConvolution *c, const float *accumulators, int64_t accumulatorCount, float *weightsGradient,
    float *biasGradient, int accumulate)
{
    const int64_t weights = (int64_t)c->outputChannels * c->inputChannels * c->kernelHeight * c->kernelWidth;
    const int64_t size = (weights + c->outputChannels) * vectorWidth;
    const int64_t count = biasGradient ? weights + c->outputChannels : weights;
    for (int64_t w = 0; w < count; w++) {
        vfloat lanes = splat(0.0f);
        for (int64_t a = 0; a < accumulatorCount; a++) lanes += load(accumulators + w * vectorWidth + a * size);
        float sum = horizontal_sum(lanes);
        float *destination = w < weights ? weightsGradient + w : biasGradient + (w - weights);
        *destination = accumulate ? *destination + sum : sum;
    }
}

#endif
