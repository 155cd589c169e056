/// Convolution in the lanes layout: forward, with pooling behind it, and the gradient of the input.
#ifndef APUS_LANES_CONVOLUTION_KERNEL_H
#define APUS_LANES_CONVOLUTION_KERNEL_H

#include "../include/lanes_convolution.h"
#include "lanes_taps.h"
#include "vector_math.h"

/// Applies an activation in place to `count` floats, a multiple of 16.
static void activate(float *values, int64_t count, ApusActivation activation)
{
    switch (activation) {
    case ApusActivationNone: break;
    case ApusActivationRelu:
        for (int64_t i = 0; i < count; i += vectorWidth) {
            vfloat x = load(values + i);
            store(values + i, x < 0.0f ? splat(0.0f) : x);
        }
        break;
    case ApusActivationSigmoid:
        for (int64_t i = 0; i < count; i += vectorWidth) store(values + i, vector_sigmoid(load(values + i)));
        break;
    case ApusActivationTanh:
        for (int64_t i = 0; i < count; i += vectorWidth) store(values + i, vector_tanh(load(values + i)));
        break;
    }
}

/// The parts of a forward block that stay the same for a whole group.
static TapBlock forward_block(const ApusLanesConvolution *c)
{
    int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    TapBlock t = {0};
    t.sourceChannelStride = (int64_t)c->inputHeight * c->inputWidth * lanesWidth;
    t.sourceRowStep = (int64_t)c->inputWidth * lanesWidth;
    t.sourceColumnStep = lanesWidth;
    t.weightChannelStride = kernel;
    t.weightRowStep = c->kernelWidth;
    t.weightColumnStep = 1;
    t.weightBlockStride = c->inputChannels * kernel;
    t.channels = c->inputChannels;
    t.destinationPixelStride = lanesWidth;
    return t;
}

/// The kernel's rows [*begin, *end) that lie inside the input for an output row.
APUS_INLINE void inside_rows(const ApusLanesConvolution *c, int64_t outputRow, int64_t *begin, int64_t *end)
{
    int64_t top = outputRow * c->strideHeight - c->paddingTop;
    *begin = larger(0, -top);
    *end = larger(*begin, smaller(c->kernelHeight, c->inputHeight - top));
}

static void lanes_convolution_forward_kernel(
    const ApusLanesConvolution *c, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, int64_t beginGroup, int64_t endGroup,
    int64_t beginChannel, int64_t endChannel)
{
    const int64_t inputGroup = (int64_t)c->inputChannels * c->inputHeight * c->inputWidth * lanesWidth;
    const int64_t outputPlane = (int64_t)c->outputHeight * c->outputWidth * lanesWidth;
    const int64_t outputRow = (int64_t)c->outputWidth * lanesWidth;
    TapBlock t = forward_block(c);
    t.destinationChannelStride = outputPlane;
    TapRow row = {c->outputWidth, -c->paddingLeft, c->strideWidth, 1, c->kernelWidth, c->inputWidth};
    const int64_t sweep = sweep_channels(c->inputChannels, c->kernelHeight, c->inputWidth);
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = input + g * inputGroup;
        float *destination = output + g * c->outputChannels * outputPlane;
        for (int64_t o = beginChannel; o < endChannel;) {
            int channels = next_block(endChannel - o, maximumBlockChannels);
            t.bias = bias ? bias + o : NULL;
            for (int64_t i = 0; i < c->inputChannels; i += sweep) {
                t.channels = smaller(sweep, c->inputChannels - i);
                t.accumulate = i > 0;
                int last = i + sweep >= c->inputChannels;
                for (int64_t y = 0; y < c->outputHeight; y++) {
                    int64_t begin, end;
                    inside_rows(c, y, &begin, &end);
                    t.rows = end - begin;
                    int64_t sourceY = t.rows > 0 ? y * c->strideHeight - c->paddingTop + begin : 0;
                    t.source = source + i * t.sourceChannelStride + sourceY * t.sourceRowStep;
                    t.weights = weights + o * t.weightBlockStride + i * t.weightChannelStride;
                    if (t.rows > 0) t.weights += begin * t.weightRowStep;
                    t.destination = destination + o * outputPlane + y * outputRow;
                    run_tap_row(&t, &row, channels);
                    if (!last || activation == ApusActivationNone) continue;
                    for (int k = 0; k < channels; k++) activate(t.destination + k * outputPlane, outputRow, activation);
                }
            }
            o += channels;
        }
    }
}

/// The maximum of four values and its place: the first of equal ones, the last NaN if there is any (as PyTorch's loop).
APUS_INLINE void maximum_of_four(vfloat a, vfloat b, vfloat c, vfloat d, vfloat *value, vint *place)
{
    vint take = (b > a) | (b != b);
    vfloat v = take ? b : a;
    vint p = take ? (vint)1 : (vint)0;
    take = (c > v) | (c != c);
    v = take ? c : v;
    p = take ? (vint)2 : p;
    take = (d > v) | (d != d);
    *value = take ? d : v;
    *place = take ? (vint)3 : p;
}

#define APUS_POOL_BLOCK(blockChannels)                                                                                 \
    static void pool_block_##blockChannels(const TapBlock *t, uint8_t *index)                                          \
    {                                                                                                                  \
        vfloat sums[4][6];                                                                                             \
        start_sums(t, 4, blockChannels, sums);                                                                         \
        accumulate_taps(t, 4, blockChannels, sums);                                                                    \
        APUS_UNROLL                                                                                                    \
        for (int c = 0; c < blockChannels; c++) {                                                                      \
            vfloat value;                                                                                              \
            vint place;                                                                                                \
            maximum_of_four(sums[0][c], sums[1][c], sums[2][c], sums[3][c], &value, &place);                           \
            store(t->destination + c * t->destinationChannelStride, value);                                            \
            store_bytes(index + c * t->destinationChannelStride, place);                                               \
        }                                                                                                              \
    }

typedef void (*PoolBlockFunction)(const TapBlock *, uint8_t *);

APUS_POOL_BLOCK(1)
APUS_POOL_BLOCK(2)
#if APUS_VECTOR_REGISTERS >= 32
APUS_POOL_BLOCK(3)
APUS_POOL_BLOCK(4)
APUS_POOL_BLOCK(5)
APUS_POOL_BLOCK(6)
static const PoolBlockFunction poolBlocks[] = {
    pool_block_1, pool_block_2, pool_block_3, pool_block_4, pool_block_5, pool_block_6};
#else
static const PoolBlockFunction poolBlocks[] = {pool_block_1, pool_block_2};
#endif

/// A pooling window that touches the padding: its four pixels one by one, each with its own taps.
/// `t` points to source row and column 0, the block's weights and the window's destination.
static void pool_edge_block(
    const ApusLanesConvolution *c, const TapBlock *t, int64_t y, int64_t x, int channels, uint8_t *index)
{
    _Alignas(64) float pixels[4][maximumBlockChannels][lanesWidth];
    for (int p = 0; p < 4; p++) {
        TapBlock one = *t;
        int64_t begin, end;
        inside_rows(c, y + p / 2, &begin, &end);
        one.rows = end - begin;
        if (one.rows > 0) {
            one.source += ((y + p / 2) * c->strideHeight - c->paddingTop + begin) * t->sourceRowStep;
            one.weights += begin * t->weightRowStep;
        }
        one.destination = &pixels[p][0][0];
        one.destinationChannelStride = lanesWidth;
        TapRow row = {1, (x + p % 2) * c->strideWidth - c->paddingLeft, 1, 1, c->kernelWidth, c->inputWidth};
        run_tap_row(&one, &row, channels);
    }
    for (int k = 0; k < channels; k++) {
        for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
            vfloat value;
            vint place;
            maximum_of_four(
                load(&pixels[0][k][lane]), load(&pixels[1][k][lane]), load(&pixels[2][k][lane]),
                load(&pixels[3][k][lane]), &value, &place);
            store(t->destination + k * t->destinationChannelStride + lane, value);
            store_bytes(index + k * t->destinationChannelStride + lane, place);
        }
    }
}

static void lanes_convolution_pool_forward_kernel(
    const ApusLanesConvolution *c, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, uint8_t *index, int64_t beginGroup, int64_t endGroup,
    int64_t beginChannel, int64_t endChannel)
{
    const int64_t inputGroup = (int64_t)c->inputChannels * c->inputHeight * c->inputWidth * lanesWidth;
    const int64_t pooledHeight = c->outputHeight / 2, pooledWidth = c->outputWidth / 2;
    const int64_t pooledPlane = pooledHeight * pooledWidth * lanesWidth;
    TapBlock t = forward_block(c);
    t.destinationChannelStride = pooledPlane;
    t.pixelOffset[1] = c->strideWidth * lanesWidth;
    t.pixelOffset[2] = c->strideHeight * t.sourceRowStep;
    t.pixelOffset[3] = t.pixelOffset[1] + t.pixelOffset[2];
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = input + g * inputGroup;
        for (int64_t o = beginChannel; o < endChannel;) {
            int channels = next_block(endChannel - o, poolBlockChannels);
            t.weights = weights + o * t.weightBlockStride;
            t.bias = bias ? bias + o : NULL;
            for (int64_t py = 0; py < pooledHeight; py++) {
                int64_t top = 2 * py * c->strideHeight - c->paddingTop;
                int insideRows = top >= 0 && top + c->strideHeight + c->kernelHeight <= c->inputHeight;
                int64_t place = (g * c->outputChannels + o) * pooledPlane + py * pooledWidth * lanesWidth;
                for (int64_t px = 0; px < pooledWidth; px++) {
                    int64_t left = 2 * px * c->strideWidth - c->paddingLeft;
                    int64_t here = place + px * lanesWidth;
                    if (!insideRows || left < 0 || left + c->strideWidth + c->kernelWidth > c->inputWidth) {
                        t.source = source;
                        t.destination = output + here;
                        pool_edge_block(c, &t, 2 * py, 2 * px, channels, index + here);
                        continue;
                    }
                    t.rows = c->kernelHeight;
                    t.columns = c->kernelWidth;
                    for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                        t.source = source + top * t.sourceRowStep + left * lanesWidth + lane;
                        t.destination = output + here + lane;
                        poolBlocks[channels - 1](&t, index + here + lane);
                    }
                }
                for (int k = 0; k < channels; k++) {
                    activate(output + place + k * pooledPlane, pooledWidth * lanesWidth, activation);
                }
            }
            o += channels;
        }
    }
}

/// One input row of the gradient, for a block of input channels. `t` points to source row and column 0, the block's
/// first tap, and the row's destination.
static void input_gradient_row(const ApusLanesConvolution *c, const TapBlock *t, int64_t y, int channels)
{
    const int64_t sh = c->strideHeight, sw = c->strideWidth;
    // Input row y met output row (y + padding - ky) / stride: the taps ky ≡ phaseY (mod stride).
    int64_t phaseY = (y + c->paddingTop) % sh, firstRow = (y + c->paddingTop) / sh;
    int64_t tapsY = phaseY < c->kernelHeight ? (c->kernelHeight - phaseY + sh - 1) / sh : 0;
    int64_t begin = larger(0, firstRow - c->outputHeight + 1);
    int64_t end = larger(begin, smaller(tapsY, firstRow + 1));
    // Input columns of one phase share their taps, and step by one through the output.
    for (int64_t x = 0; x < smaller(sw, c->inputWidth); x++) {
        int64_t phaseX = (x + c->paddingLeft) % sw;
        TapRow row;
        row.pixels = (c->inputWidth - x + sw - 1) / sw;
        row.firstColumn = (x + c->paddingLeft) / sw;
        row.pixelStep = 1;
        row.tapStep = -1;
        row.taps = phaseX < c->kernelWidth ? (c->kernelWidth - phaseX + sw - 1) / sw : 0;
        row.sourceWidth = c->outputWidth;
        TapBlock part = *t;
        part.rows = end - begin;
        if (part.rows > 0 && row.taps > 0) {
            part.source -= (firstRow - begin) * t->sourceRowStep;
            part.weights += (phaseY + begin * sh) * c->kernelWidth + phaseX;
        }
        part.destination += x * lanesWidth;
        run_tap_row(&part, &row, channels);
    }
}

static void lanes_convolution_input_gradient_kernel(
    const ApusLanesConvolution *c, const float *outputGradient, const float *weights, float *inputGradient,
    int64_t beginGroup, int64_t endGroup,
    int64_t beginChannel, int64_t endChannel)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    const int64_t inputPlane = (int64_t)c->inputHeight * c->inputWidth * lanesWidth;
    const int64_t outputPlane = (int64_t)c->outputHeight * c->outputWidth * lanesWidth;
    TapBlock t = {0};
    t.sourceChannelStride = outputPlane;
    t.sourceRowStep = -(int64_t)c->outputWidth * lanesWidth;
    t.sourceColumnStep = -lanesWidth;
    t.weightChannelStride = c->inputChannels * kernel;
    t.weightRowStep = (int64_t)c->strideHeight * c->kernelWidth;
    t.weightColumnStep = c->strideWidth;
    t.weightBlockStride = kernel;
    t.destinationPixelStride = c->strideWidth * lanesWidth;
    t.destinationChannelStride = inputPlane;
    const int64_t sweep = sweep_channels(c->outputChannels, c->kernelHeight, c->outputWidth);
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = outputGradient + g * c->outputChannels * outputPlane;
        float *destination = inputGradient + g * c->inputChannels * inputPlane;
        for (int64_t i = beginChannel; i < endChannel;) {
            int channels = next_block(endChannel - i, maximumBlockChannels);
            for (int64_t o = 0; o < c->outputChannels; o += sweep) {
                t.channels = smaller(sweep, c->outputChannels - o);
                t.accumulate = o > 0;
                t.source = source + o * outputPlane;
                t.weights = weights + o * t.weightChannelStride + i * kernel;
                for (int64_t y = 0; y < c->inputHeight; y++) {
                    t.destination = destination + i * inputPlane + y * c->inputWidth * lanesWidth;
                    input_gradient_row(c, &t, y, channels);
                }
            }
            i += channels;
        }
    }
}

#endif
