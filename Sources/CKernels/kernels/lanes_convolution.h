/// Convolution in the lanes layout: forward, with pooling behind it, and the gradient of the input.
#ifndef APUS_LANES_CONVOLUTION_KERNEL_H
#define APUS_LANES_CONVOLUTION_KERNEL_H

#include "../include/lanes_convolution.h"
#include "lanes_weights.h"
#include "vector_math.h"

/// Applies an activation in place to the first `lanes` of each of some pixels that lie side by side.
static void activate(float *pixels, int64_t count, int lanes, ApusActivation activation)
{
    for (float *pixel = pixels; pixel < pixels + count * lanesWidth; pixel += lanesWidth) {
        for (float *place = pixel; place < pixel + lanes; place += vectorWidth) {
            const vfloat x = load(place);
            switch (activation) {
            case ApusActivationNone: break;
            case ApusActivationRelu: store(place, x < 0.0f ? splat(0.0f) : x); break;
            case ApusActivationSigmoid: store(place, vector_sigmoid(x)); break;
            case ApusActivationTanh: store(place, vector_tanh(x)); break;
            }
        }
    }
}

/// The rows of one group, of a range of rows that are numbered through all groups.
typedef struct {
    int64_t group;
    int64_t begin, end;
} GroupRows;

/// The rows of [row, endRow) that lie in the group of `row`, where a group has `rows`.
APUS_INLINE GroupRows group_rows(int64_t row, int64_t endRow, int64_t rows)
{
    const int64_t group = row / rows, begin = row - group * rows;
    return (GroupRows){group, begin, smaller(rows, begin + endRow - row)};
}

/// The parts of a forward block that stay the same for all groups.
static TapBlocks forward_blocks(const ApusLanesConvolution *c)
{
    TapBlocks t = {0};
    t.sourceChannelStride = (int64_t)c->inputHeight * c->inputWidth * lanesWidth;
    t.sourceRowStep = (int64_t)c->inputWidth * lanesWidth;
    t.destinationPixelStride = lanesWidth;
    return t;
}

static WeightPacking forward_packing(const ApusLanesConvolution *c)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    return (WeightPacking){c->inputChannels * kernel, kernel, c->inputChannels, 0};
}

/// Points a block of `channels`, whose packed weights begin at `weights`, to an output row: its kernel rows inside the
/// input, and the input channels from `firstInput` on. `source` is the group's input.
APUS_INLINE void point_to_row(
    const ApusLanesConvolution *c, TapBlocks *t, const float *source, const float *weights, int64_t firstInput,
    int64_t outputRow, int channels)
{
    const int64_t top = outputRow * c->strideHeight - c->paddingTop;
    const int64_t begin = larger(0, -top), end = larger(begin, smaller(c->kernelHeight, c->inputHeight - top));
    t->weightRowStep = c->kernelWidth * channels;
    t->weightChannelStride = c->kernelHeight * t->weightRowStep;
    t->rows = end - begin;
    t->source = source + firstInput * t->sourceChannelStride;
    t->weights = weights + firstInput * t->weightChannelStride;
    if (t->rows == 0) return;
    t->source += (top + begin) * t->sourceRowStep;
    t->weights += begin * t->weightRowStep;
}

static void lanes_convolution_forward_kernel(
    const ApusLanesConvolution *c, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, int64_t beginRow, int64_t endRow)
{
    const int64_t inputGroup = (int64_t)c->inputChannels * c->inputHeight * c->inputWidth * lanesWidth;
    const int64_t outputRow = (int64_t)c->outputWidth * lanesWidth, outputPlane = c->outputHeight * outputRow;
    const WeightPacking packing = forward_packing(c);
    const int64_t packable = packed_channels(c, &packing);
    const int64_t sweep = sweep_channels(c->inputChannels, c->kernelHeight, c->inputWidth);
    const TapRow taps = {c->outputWidth, -c->paddingLeft, c->strideWidth, c->kernelWidth, c->inputWidth};
    _Alignas(64) float packed[APUS_LANES_PACKED_WEIGHTS];
    TapBlocks t = forward_blocks(c);
    t.destinationChannelStride = outputPlane;
    for (int64_t first = 0; first < c->outputChannels; first += packable) {
        const int64_t last = smaller(c->outputChannels, first + packable);
        pack_weights(c, &packing, weights, first, last, packed);
        for (int64_t row = beginRow; row < endRow;) {
            const GroupRows rows = group_rows(row, endRow, c->outputHeight);
            row += rows.end - rows.begin;
            t.lanes = computed_lanes(c->images, rows.group);
            const float *blockWeights = packed;
            for (int64_t o = first; o < last;) {
                const int channels = next_block(last - o, maximumBlockChannels);
                float *destination = output + (rows.group * c->outputChannels + o) * outputPlane;
                t.bias = bias ? bias + o : NULL;
                for (int64_t i = 0; i < c->inputChannels; i += sweep) {
                    t.channels = smaller(sweep, c->inputChannels - i);
                    t.accumulate = i > 0;
                    const int isComplete = i + sweep >= c->inputChannels;
                    for (int64_t y = rows.begin; y < rows.end; y++) {
                        point_to_row(c, &t, input + rows.group * inputGroup, blockWeights, i, y, channels);
                        t.destination = destination + y * outputRow;
                        run_tap_row(&t, &taps, channels);
                        if (!isComplete || activation == ApusActivationNone) continue;
                        for (int k = 0; k < channels; k++) {
                            activate(t.destination + k * outputPlane, c->outputWidth, t.lanes, activation);
                        }
                    }
                }
                blockWeights += c->inputChannels * t.weightChannelStride;
                o += channels;
            }
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

/// Windows of one row that are convolved, then pooled: few enough that their pixels stay in the first-level cache.
enum { poolWindows = 4 };

/// The maxima of windows of 2×2 pixels [row][channel][pixel][16], for the first `lanes`.
static void pool_windows(
    const float *pixels, int64_t windows, int channels, int lanes, float *output, uint8_t *index, int64_t outputPlane)
{
    enum { pixelPlane = 2 * poolWindows * lanesWidth, pixelRow = maximumBlockChannels * pixelPlane };
    for (int k = 0; k < channels; k++) {
        const float *top = pixels + k * pixelPlane, *bottom = top + pixelRow;
        for (int64_t w = 0; w < windows; w++) {
            for (int lane = 0; lane < lanes; lane += vectorWidth) {
                const int64_t left = 2 * w * lanesWidth + lane, right = left + lanesWidth;
                vfloat value;
                vint place;
                maximum_of_four(
                    load(top + left), load(top + right), load(bottom + left), load(bottom + right), &value, &place);
                store(output + k * outputPlane + w * lanesWidth + lane, value);
                store_bytes(index + k * outputPlane + w * lanesWidth + lane, place);
            }
        }
    }
}

static void lanes_convolution_pool_forward_kernel(
    const ApusLanesConvolution *c, const float *input, const float *weights, const float *bias,
    ApusActivation activation, float *output, uint8_t *index, int64_t beginRow, int64_t endRow)
{
    const int64_t inputGroup = (int64_t)c->inputChannels * c->inputHeight * c->inputWidth * lanesWidth;
    const int64_t pooledHeight = c->outputHeight / 2, pooledWidth = c->outputWidth / 2;
    const int64_t pooledPlane = pooledHeight * pooledWidth * lanesWidth;
    const WeightPacking packing = forward_packing(c);
    const int64_t packable = packed_channels(c, &packing);
    _Alignas(64) float packed[APUS_LANES_PACKED_WEIGHTS];
    _Alignas(64) float pixels[2][maximumBlockChannels][2 * poolWindows][lanesWidth];
    TapBlocks t = forward_blocks(c);
    t.channels = c->inputChannels;
    t.destinationChannelStride = 2 * poolWindows * lanesWidth;
    for (int64_t first = 0; first < c->outputChannels; first += packable) {
        const int64_t last = smaller(c->outputChannels, first + packable);
        pack_weights(c, &packing, weights, first, last, packed);
        for (int64_t row = beginRow; row < endRow;) {
            const GroupRows rows = group_rows(row, endRow, pooledHeight);
            row += rows.end - rows.begin;
            t.lanes = computed_lanes(c->images, rows.group);
            const float *blockWeights = packed;
            for (int64_t o = first; o < last;) {
                const int channels = next_block(last - o, maximumBlockChannels);
                const int64_t planes = (rows.group * c->outputChannels + o) * pooledPlane;
                t.bias = bias ? bias + o : NULL;
                for (int64_t py = rows.begin; py < rows.end; py++) {
                    const int64_t place = planes + py * pooledWidth * lanesWidth;
                    for (int64_t px = 0; px < pooledWidth;) {
                        const int windows = next_block(pooledWidth - px, poolWindows);
                        const TapRow taps = {
                            2 * windows, 2 * px * c->strideWidth - c->paddingLeft, c->strideWidth, c->kernelWidth,
                            c->inputWidth};
                        for (int y = 0; y < 2; y++) {
                            point_to_row(
                                c, &t, input + rows.group * inputGroup, blockWeights, 0, 2 * py + y, channels);
                            t.destination = &pixels[y][0][0][0];
                            run_tap_row(&t, &taps, channels);
                        }
                        const int64_t here = place + px * lanesWidth;
                        pool_windows(
                            &pixels[0][0][0][0], windows, channels, t.lanes, output + here, index + here, pooledPlane);
                        px += windows;
                    }
                    for (int k = 0; k < channels; k++) {
                        activate(output + place + k * pooledPlane, pooledWidth, t.lanes, activation);
                    }
                }
                blockWeights += c->inputChannels * c->kernelHeight * c->kernelWidth * channels;
                o += channels;
            }
        }
    }
}

/// One input row of the gradient, for a block of input channels. `t` points to source row and column 0, the block's
/// first tap, and the row's destination.
static void input_gradient_row(const ApusLanesConvolution *c, const TapBlocks *t, int64_t y, int channels)
{
    const int64_t sh = c->strideHeight, sw = c->strideWidth;
    // Input row y met output row (y + padding - ky) / stride: the taps ky ≡ phaseY (mod stride).
    int64_t phaseY = (y + c->paddingTop) % sh, firstRow = (y + c->paddingTop) / sh;
    int64_t begin = larger(0, firstRow - c->outputHeight + 1);
    int64_t end = larger(begin, smaller(phase_taps(c->kernelHeight, sh, phaseY), firstRow + 1));
    // Input columns of one phase share their taps, and step by one through the output.
    for (int64_t x = 0; x < smaller(sw, c->inputWidth); x++) {
        const int64_t phaseX = (x + c->paddingLeft) % sw;
        TapRow row;
        row.pixels = (c->inputWidth - x + sw - 1) / sw;
        row.taps = phase_taps(c->kernelWidth, sw, phaseX);
        // The kernel is turned around: its last tap comes first.
        row.firstColumn = (x + c->paddingLeft) / sw - (row.taps - 1);
        row.pixelStep = 1;
        row.sourceWidth = c->outputWidth;
        TapBlocks part = *t;
        part.rows = end - begin;
        if (part.rows > 0 && row.taps > 0) {
            part.source -= (firstRow - begin) * t->sourceRowStep;
            part.weights += (phaseY + begin * sh) * c->kernelWidth * channels;
            for (int64_t phase = 0; phase < phaseX; phase++) {
                part.weights += phase_taps(c->kernelWidth, sw, phase) * channels;
            }
        }
        part.destination += x * lanesWidth;
        run_tap_row(&part, &row, channels);
    }
}

static void lanes_convolution_input_gradient_kernel(
    const ApusLanesConvolution *c, const float *outputGradient, const float *weights, float *inputGradient,
    int64_t beginRow, int64_t endRow)
{
    const int64_t kernel = (int64_t)c->kernelHeight * c->kernelWidth;
    const int64_t inputRow = (int64_t)c->inputWidth * lanesWidth, inputPlane = c->inputHeight * inputRow;
    const int64_t outputPlane = (int64_t)c->outputHeight * c->outputWidth * lanesWidth;
    const WeightPacking packing = {kernel, c->inputChannels * kernel, c->outputChannels, c->strideWidth};
    const int64_t packable = packed_channels(c, &packing);
    const int64_t sweep = sweep_channels(c->outputChannels, c->kernelHeight, c->outputWidth);
    _Alignas(64) float packed[APUS_LANES_PACKED_WEIGHTS];
    TapBlocks t = {0};
    t.sourceChannelStride = outputPlane;
    t.sourceRowStep = -(int64_t)c->outputWidth * lanesWidth;
    t.destinationPixelStride = c->strideWidth * lanesWidth;
    t.destinationChannelStride = inputPlane;
    for (int64_t first = 0; first < c->inputChannels; first += packable) {
        const int64_t last = smaller(c->inputChannels, first + packable);
        pack_weights(c, &packing, weights, first, last, packed);
        for (int64_t row = beginRow; row < endRow;) {
            const GroupRows rows = group_rows(row, endRow, c->inputHeight);
            row += rows.end - rows.begin;
            t.lanes = computed_lanes(c->images, rows.group);
            const float *source = outputGradient + rows.group * c->outputChannels * outputPlane;
            const float *blockWeights = packed;
            for (int64_t i = first; i < last;) {
                const int channels = next_block(last - i, maximumBlockChannels);
                float *destination = inputGradient + (rows.group * c->inputChannels + i) * inputPlane;
                t.weightRowStep = (int64_t)c->strideHeight * c->kernelWidth * channels;
                t.weightChannelStride = kernel * channels;
                for (int64_t o = 0; o < c->outputChannels; o += sweep) {
                    t.channels = smaller(sweep, c->outputChannels - o);
                    t.accumulate = o > 0;
                    t.source = source + o * outputPlane;
                    t.weights = blockWeights + o * t.weightChannelStride;
                    for (int64_t y = rows.begin; y < rows.end; y++) {
                        t.destination = destination + y * inputRow;
                        input_gradient_row(c, &t, y, channels);
                    }
                }
                blockWeights += c->outputChannels * t.weightChannelStride;
                i += channels;
            }
        }
    }
}

#endif
