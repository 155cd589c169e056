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
    pixelBlockVectors = 1,
#else
    // 12 accumulators, 2 sources and a weight. Single pixels need no other form at the edges.
    pixelBlock = 1,
    pixelBlockVectors = 2,
#endif
    tapVectors = pixelBlock * pixelBlockVectors,
    /// Lanes that a block treats at once.
    tapLanes = pixelBlockVectors * vectorWidth,
};

/// The lanes of a group that are computed: whole vectors, up to the one that holds the last image.
APUS_INLINE int computed_lanes(int64_t images, int64_t group)
{
    const int64_t own = smaller(lanesWidth, images - group * lanesWidth);
    return (int)((own + vectorWidth - 1) / vectorWidth * vectorWidth);
}

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
    /// Lanes of each pixel that are computed, a multiple of a vector.
    int lanes;
} TapBlocks;

APUS_INLINE void accumulate_tap(
    const float *source, int64_t pixelStep, const float *weight, const int pixels, const int pixelVectors,
    const int channels, vfloat sums[tapVectors][maximumBlockChannels])
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

/// `taps` is the number of a kernel row's taps where that is a constant, else 0; `pixelVectors` are those of a pixel.
APUS_INLINE void run_tap_blocks(
    const TapBlocks *t, const int taps, const int pixels, const int pixelVectors, const int channels)
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
                            source + k * lanesWidth, pixelStep, weight + k * channels, pixels, pixelVectors, channels,
                            sums);
                    }
                } else {
                    for (int64_t k = 0; k < t->columns; k++) {
                        accumulate_tap(
                            source + k * lanesWidth, pixelStep, weight + k * channels, pixels, pixelVectors, channels,
                            sums);
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
        run_tap_blocks(t, taps, pixels, pixelBlockVectors, channels);                                                  \
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

#if APUS_VECTOR_WIDTH < 16
/// Blocks of one vector a pixel, for what is left of the last group: as many pixels as fill the accumulators, and one.
#define APUS_NARROW_BLOCK(channels)                                                                                    \
    static void narrow_blocks_##channels(const TapBlocks *t) { run_tap_blocks(t, 0, tapVectors, 1, channels); }        \
    static void narrow_pixels_##channels(const TapBlocks *t) { run_tap_blocks(t, 0, 1, 1, channels); }

APUS_NARROW_BLOCK(1)
APUS_NARROW_BLOCK(2)
APUS_NARROW_BLOCK(3)
APUS_NARROW_BLOCK(4)
APUS_NARROW_BLOCK(5)
APUS_NARROW_BLOCK(6)
static const TapBlocksFunction narrowBlocks[maximumBlockChannels] = {
    narrow_blocks_1, narrow_blocks_2, narrow_blocks_3, narrow_blocks_4, narrow_blocks_5, narrow_blocks_6};
static const TapBlocksFunction narrowPixels[maximumBlockChannels] = {
    narrow_pixels_1, narrow_pixels_2, narrow_pixels_3, narrow_pixels_4, narrow_pixels_5, narrow_pixels_6};
#endif

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

/// `count` pixels: blocks of `blockPixels`, and those that are left by `rest`.
APUS_INLINE void run_pixels(
    TapBlocks *t, int64_t count, int64_t blockPixels, TapBlocksFunction whole, TapBlocksFunction rest)
{
    t->blocks = count / blockPixels;
    const int64_t done = t->blocks * blockPixels;
    if (done > 0) whole(t);
    if (done == count) return;
    t->source += done * t->sourcePixelStep;
    t->destination += done * t->destinationPixelStride;
    t->blocks = 1;
    rest(t);
}

/// `count` pixels with the same taps; `t`, which is used up, points to pixel 0.
static void run_equal_pixels(TapBlocks *t, int64_t count, int channels)
{
    const float *source = t->source;
    float *destination = t->destination;
    const int taps = t->columns <= maximumUnrolledTaps ? (int)t->columns : 0;
    const int64_t left = count % pixelBlock;
    const TapBlocksFunction whole = tapBlocks[taps][pixelBlock - 1][channels - 1];
    const TapBlocksFunction rest = left > 0 ? tapBlocks[taps][left - 1][channels - 1] : NULL;
    int lane = 0;
    for (; lane + tapLanes <= t->lanes; lane += tapLanes) {
        t->source = source + lane;
        t->destination = destination + lane;
        run_pixels(t, count, pixelBlock, whole, rest);
    }
#if APUS_VECTOR_WIDTH < 16
    for (; lane < t->lanes; lane += vectorWidth) {
        t->source = source + lane;
        t->destination = destination + lane;
        run_pixels(t, count, tapVectors, narrowBlocks[channels - 1], narrowPixels[channels - 1]);
    }
#endif
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

#endif
