/// The heart of the lanes convolutions: blocks of pixels × channels, accumulated over channels and taps in registers.
///
/// Forward: the source is the input, the channels of a block are output channels. Input gradient: the source is the
/// output's gradient, the channels of a block are input channels, the kernel is turned around.
#ifndef APUS_LANES_TAPS_H
#define APUS_LANES_TAPS_H

#include "../include/lanes_convolution.h"
#include "vector.h"

enum {
    maximumBlockChannels = 6,
    /// Kernel rows up to this length are unrolled.
    maximumUnrolledTaps = 5,
#if APUS_VECTOR_REGISTERS >= 32
    // 24 accumulators, 4 sources and a weight. Each of 10 loads serves 4 or 6 multiplications.
    pixelBlock = 4,
    pixelVectors = 1,
#else
    // 12 accumulators, 2 sources and a weight. Single pixels need no other form at the edges.
    pixelBlock = 1,
    pixelVectors = 2,
#endif
    tapVectors = pixelBlock * pixelVectors,
    /// Lanes that a block treats at once.
    tapLanes = pixelVectors * vectorWidth,
};

/// The work of blocks of pixels that follow each other in a row. Strides and steps are in floats.
typedef struct {
    /// The first source channel at the first tap of pixel 0.
    const float *source;
    int64_t sourceChannelStride;
    int64_t sourceRowStep;
    int64_t sourcePixelStep;
    /// Packed: the weights of the block's channels for one tap lie side by side, a row's taps behind each other.
    const float *weights;
    int64_t weightChannelStride;
    int64_t weightRowStep;
    int64_t channels;
    int64_t rows;
    int64_t columns;
    /// The sums begin with what the destination holds if `accumulate` is not 0, else with the bias, or 0 if it is NULL.
    int accumulate;
    const float *bias;
    float *destination;
    int64_t destinationPixelStride;
    int64_t destinationChannelStride;
    int64_t blocks;
} TapBlocks;

APUS_INLINE void accumulate_tap(
    const float *source, int64_t pixelStep, const float *weight, const int pixels, const int channels,
    vfloat sums[tapVectors][maximumBlockChannels])
{
    vfloat x[tapVectors];
    APUS_UNROLL
    for (int v = 0; v < pixels * pixelVectors; v++) {
        x[v] = load(source + v / pixelVectors * pixelStep + v % pixelVectors * vectorWidth);
    }
    APUS_UNROLL
    for (int c = 0; c < channels; c++) {
        vfloat w = splat(weight[c]);
        APUS_UNROLL
        for (int v = 0; v < pixels * pixelVectors; v++) sums[v][c] = multiply_add(x[v], w, sums[v][c]);
    }
}

/// `taps` is the number of a kernel row's taps where that is a constant, else 0.
APUS_INLINE void run_tap_blocks(const TapBlocks *t, const int taps, const int pixels, const int channels)
{
    const int vectors = pixels * pixelVectors;
    const int64_t pixelStep = t->sourcePixelStep;
    for (int64_t b = 0; b < t->blocks; b++) {
        float *destination = t->destination + b * pixels * t->destinationPixelStride;
        vfloat sums[tapVectors][maximumBlockChannels];
        APUS_UNROLL
        for (int c = 0; c < channels; c++) {
            const float *d = destination + c * t->destinationChannelStride;
            vfloat start = splat(t->bias ? t->bias[c] : 0.0f);
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) {
                int64_t place = v / pixelVectors * t->destinationPixelStride + v % pixelVectors * vectorWidth;
                sums[v][c] = t->accumulate ? load(d + place) : start;
            }
        }
        const float *sourceChannel = t->source + b * pixels * pixelStep, *weightChannel = t->weights;
        for (int64_t i = 0; i < t->channels; i++) {
            const float *source = sourceChannel, *weight = weightChannel;
            for (int64_t r = 0; r < t->rows; r++) {
                if (taps > 0) {
                    APUS_UNROLL
                    for (int k = 0; k < taps; k++) {
                        accumulate_tap(
                            source + k * lanesWidth, pixelStep, weight + k * channels, pixels, channels, sums);
                    }
                } else {
                    for (int64_t k = 0; k < t->columns; k++) {
                        accumulate_tap(
                            source + k * lanesWidth, pixelStep, weight + k * channels, pixels, channels, sums);
                    }
                }
                source += t->sourceRowStep;
                weight += t->weightRowStep;
            }
            sourceChannel += t->sourceChannelStride;
            weightChannel += t->weightChannelStride;
        }
        APUS_UNROLL
        for (int c = 0; c < channels; c++) {
            float *d = destination + c * t->destinationChannelStride;
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) {
                store(d + v / pixelVectors * t->destinationPixelStride + v % pixelVectors * vectorWidth, sums[v][c]);
            }
        }
    }
}

typedef void (*TapBlocksFunction)(const TapBlocks *);

#define APUS_TAP_BLOCK(taps, pixels, channels)                                                                         \
    static void tap_blocks_##taps##_##pixels##_##channels(const TapBlocks *t)                                          \
    {                                                                                                                  \
        run_tap_blocks(t, taps, pixels, channels);                                                                     \
    }
#define APUS_TAP_BLOCKS(taps, pixels)                                                                                  \
    APUS_TAP_BLOCK(taps, pixels, 1)                                                                                    \
    APUS_TAP_BLOCK(taps, pixels, 2)                                                                                    \
    APUS_TAP_BLOCK(taps, pixels, 3)                                                                                    \
    APUS_TAP_BLOCK(taps, pixels, 4)                                                                                    \
    APUS_TAP_BLOCK(taps, pixels, 5)                                                                                    \
    APUS_TAP_BLOCK(taps, pixels, 6)
#define APUS_TAP_ROW(taps, pixels)                                                                                     \
    {tap_blocks_##taps##_##pixels##_1, tap_blocks_##taps##_##pixels##_2, tap_blocks_##taps##_##pixels##_3,             \
     tap_blocks_##taps##_##pixels##_4, tap_blocks_##taps##_##pixels##_5, tap_blocks_##taps##_##pixels##_6}

APUS_TAP_BLOCKS(0, 1)
APUS_TAP_BLOCKS(1, 1)
APUS_TAP_BLOCKS(2, 1)
APUS_TAP_BLOCKS(3, 1)
APUS_TAP_BLOCKS(4, 1)
APUS_TAP_BLOCKS(5, 1)
#if APUS_VECTOR_REGISTERS >= 32
// Several pixels have all taps: mostly 3 or 5.
#define APUS_WHOLE_TAP_BLOCKS(pixels) APUS_TAP_BLOCKS(0, pixels) APUS_TAP_BLOCKS(3, pixels) APUS_TAP_BLOCKS(5, pixels)
APUS_WHOLE_TAP_BLOCKS(2)
APUS_WHOLE_TAP_BLOCKS(3)
APUS_WHOLE_TAP_BLOCKS(4)
#define APUS_TAP_ROWS(edge, whole)                                                                                     \
    {APUS_TAP_ROW(edge, 1), APUS_TAP_ROW(whole, 2), APUS_TAP_ROW(whole, 3), APUS_TAP_ROW(whole, 4)}
#else
#define APUS_TAP_ROWS(edge, whole) {APUS_TAP_ROW(edge, 1)}
#endif
static const TapBlocksFunction tapBlocks[maximumUnrolledTaps + 1][pixelBlock][maximumBlockChannels] = {
    APUS_TAP_ROWS(0, 0), APUS_TAP_ROWS(1, 0), APUS_TAP_ROWS(2, 0),
    APUS_TAP_ROWS(3, 3), APUS_TAP_ROWS(4, 0), APUS_TAP_ROWS(5, 5)};

/// A row of pixels whose taps lie, clipped at the edges, in a row of the source.
typedef struct {
    /// Pixels, and the source column of the first tap of pixel 0 (may lie outside).
    int64_t pixels;
    int64_t firstColumn;
    /// Source columns from one pixel to the next.
    int64_t pixelStep;
    int64_t taps;
    int64_t sourceWidth;
} TapRow;

/// `count` pixels with the same taps; `t` points to pixel 0.
static void run_equal_pixels(const TapBlocks *t, int64_t count, int channels)
{
    const int taps = t->columns <= maximumUnrolledTaps ? (int)t->columns : 0;
    for (int lane = 0; lane < lanesWidth; lane += tapLanes) {
        TapBlocks part = *t;
        part.source += lane;
        part.destination += lane;
        part.blocks = count / pixelBlock;
        tapBlocks[taps][pixelBlock - 1][channels - 1](&part);
        const int64_t done = part.blocks * pixelBlock;
        if (done == count) continue;
        part.source += done * t->sourcePixelStep;
        part.destination += done * t->destinationPixelStride;
        part.blocks = 1;
        tapBlocks[taps][count - done - 1][channels - 1](&part);
    }
}

/// Runs a row: all pixels at once whose taps are inside, single pixels with their own taps at the edges.
/// `t` holds everything but what depends on the column; `t->source` points to source column 0.
static void run_tap_row(const TapBlocks *t, const TapRow *row, int channels)
{
    TapBlocks part = *t;
    part.sourcePixelStep = row->pixelStep * lanesWidth;
    for (int64_t pixel = 0; pixel < row->pixels;) {
        const int64_t column = row->firstColumn + pixel * row->pixelStep, room = row->sourceWidth - column - row->taps;
        const int64_t begin = larger(0, -column), end = larger(begin, smaller(row->taps, row->taps + room));
        int64_t count = 1;
        if (end - begin == row->taps) {
            count = row->taps > 0 ? smaller(row->pixels - pixel, room / row->pixelStep + 1) : row->pixels - pixel;
        }
        part.columns = end - begin;
        // A pixel without taps reads nothing; the pointers then stay where they are valid.
        part.source = t->source + (end > begin ? (column + begin) * lanesWidth : 0);
        part.weights = t->weights + (end > begin ? begin * channels : 0);
        part.destination = t->destination + pixel * t->destinationPixelStride;
        run_equal_pixels(&part, count, channels);
        pixel += count;
    }
}

/// Source channels to sum in one sweep over the pixels, such that the rows under the kernel stay in the first-level
/// cache (32 KiB and more, of which the rest is for the results and weights) while the kernel moves along and down;
/// equal parts of all of them.
APUS_INLINE int64_t sweep_channels(int64_t channels, int64_t kernelHeight, int64_t sourceWidth)
{
    int64_t fit = larger(1, 24 * 1024 / (kernelHeight * sourceWidth * lanesWidth * (int64_t)sizeof(float)));
    int64_t sweeps = (channels + fit - 1) / fit;
    return (channels + sweeps - 1) / sweeps;
}

/// Weights in the order in which the blocks read them: [block][source channel][kernel row][tap][channel of the block].
typedef struct {
    /// From one channel of a block, and from one source channel, to the next in the plain weights.
    int64_t channelStride;
    int64_t sourceChannelStride;
    int64_t sourceChannels;
    /// Taps step backward through the source, `phases` apart, so that a row's taps are packed from its last to its
    /// first, those of each phase behind each other; 0 where they step forward.
    int64_t phases;
} WeightPacking;

/// Channels whose weights fit into APUS_LANES_PACKED_WEIGHTS.
APUS_INLINE int64_t packed_channels(const ApusLanesConvolution *c, const WeightPacking *p)
{
    return APUS_LANES_PACKED_WEIGHTS / (p->sourceChannels * c->kernelHeight * c->kernelWidth);
}

/// The taps k = phase + n · stride of a kernel row of `width`.
APUS_INLINE int64_t phase_taps(int64_t width, int64_t stride, int64_t phase)
{
    return phase < width ? (width - phase + stride - 1) / stride : 0;
}

static void pack_weights(
    const ApusLanesConvolution *c, const WeightPacking *p, const float *weights, int64_t beginChannel,
    int64_t endChannel, float *packed)
{
    const int64_t phases = larger(1, p->phases);
    for (int64_t first = beginChannel; first < endChannel;) {
        const int channels = next_block(endChannel - first, maximumBlockChannels);
        for (int64_t s = 0; s < p->sourceChannels; s++) {
            for (int64_t ky = 0; ky < c->kernelHeight; ky++) {
                const float *row =
                    weights + first * p->channelStride + s * p->sourceChannelStride + ky * c->kernelWidth;
                for (int64_t phase = 0; phase < phases; phase++) {
                    const int64_t taps = phase_taps(c->kernelWidth, phases, phase);
                    for (int64_t tap = 0; tap < taps; tap++) {
                        const float *weight = row + (p->phases > 0 ? phase + (taps - 1 - tap) * phases : tap);
                        for (int k = 0; k < channels; k++) *packed++ = weight[k * p->channelStride];
                    }
                }
            }
        }
        first += channels;
    }
}

#endif
