/// The heart of the lanes convolutions: blocks of pixels × channels, accumulated over channels and taps in registers.
///
/// Forward: the source is the input, the channels of a block are output channels, taps step forward through the source.
/// Input gradient: the source is the output's gradient, the channels of a block are input channels, taps step backward.
#ifndef APUS_LANES_TAPS_H
#define APUS_LANES_TAPS_H

#include "vector.h"

enum {
    /// Channels of a block: with 4 pixels 24 accumulators of 32 registers, the rest for 4 sources and a weight.
    maximumBlockChannels = 6,
#if APUS_VECTOR_REGISTERS >= 32
    pixelBlock = 4,
    poolBlockChannels = 6,
#else
    // 12 accumulators of 16 registers; pooling needs the 4 pixels of a window at once.
    pixelBlock = 2,
    poolBlockChannels = 2,
#endif
};

/// One block's work. Strides and steps are in floats.
typedef struct {
    /// The first source channel at the first tap of pixel 0.
    const float *source;
    int64_t sourceChannelStride;
    int64_t sourceRowStep;
    int64_t sourceColumnStep;
    int64_t pixelOffset[4];
    /// The first source channel and tap for the block's first channel.
    const float *weights;
    int64_t weightChannelStride;
    int64_t weightRowStep;
    int64_t weightColumnStep;
    int64_t weightBlockStride;
    int64_t channels;
    int64_t rows;
    int64_t columns;
    /// The sums begin with what the destination holds if `accumulate` is not 0, else with the bias, or 0 if it is NULL.
    int accumulate;
    const float *bias;
    float *destination;
    int64_t destinationPixelStride;
    int64_t destinationChannelStride;
} TapBlock;

APUS_INLINE void start_sums(const TapBlock *t, const int pixels, const int channels, vfloat sums[4][6])
{
    APUS_UNROLL
    for (int c = 0; c < channels; c++) {
        if (t->accumulate) {
            const float *d = t->destination + c * t->destinationChannelStride;
            APUS_UNROLL
            for (int p = 0; p < pixels; p++) sums[p][c] = load(d + p * t->destinationPixelStride);
        } else {
            vfloat start = splat(t->bias ? t->bias[c] : 0.0f);
            APUS_UNROLL
            for (int p = 0; p < pixels; p++) sums[p][c] = start;
        }
    }
}

APUS_INLINE void accumulate_taps(const TapBlock *t, const int pixels, const int channels, vfloat sums[4][6])
{
    const int64_t o1 = t->pixelOffset[1], o2 = t->pixelOffset[2], o3 = t->pixelOffset[3];
    const int64_t block = t->weightBlockStride;
    const float *sourceChannel = t->source, *weightChannel = t->weights;
    for (int64_t i = 0; i < t->channels; i++) {
        const float *sourceRow = sourceChannel, *weightRow = weightChannel;
        for (int64_t r = 0; r < t->rows; r++) {
            const float *source = sourceRow, *weight = weightRow;
            for (int64_t k = 0; k < t->columns; k++) {
                vfloat x[4];
                x[0] = load(source);
                if (pixels > 1) x[1] = load(source + o1);
                if (pixels > 2) x[2] = load(source + o2);
                if (pixels > 3) x[3] = load(source + o3);
                APUS_UNROLL
                for (int c = 0; c < channels; c++) {
                    vfloat w = splat(weight[c * block]);
                    APUS_UNROLL
                    for (int p = 0; p < pixels; p++) sums[p][c] = multiply_add(x[p], w, sums[p][c]);
                }
                source += t->sourceColumnStep;
                weight += t->weightColumnStep;
            }
            sourceRow += t->sourceRowStep;
            weightRow += t->weightRowStep;
        }
        sourceChannel += t->sourceChannelStride;
        weightChannel += t->weightChannelStride;
    }
}

#define APUS_TAP_BLOCK(pixels, channels)                                                                               \
    static void tap_block_##pixels##_##channels(const TapBlock *t)                                                     \
    {                                                                                                                  \
        vfloat sums[4][6];                                                                                             \
        start_sums(t, pixels, channels, sums);                                                                         \
        accumulate_taps(t, pixels, channels, sums);                                                                    \
        APUS_UNROLL                                                                                                    \
        for (int c = 0; c < channels; c++) {                                                                           \
            float *d = t->destination + c * t->destinationChannelStride;                                               \
            APUS_UNROLL                                                                                                \
            for (int p = 0; p < pixels; p++) store(d + p * t->destinationPixelStride, sums[p][c]);                     \
        }                                                                                                              \
    }
#define APUS_TAP_BLOCKS(pixels)                                                                                        \
    APUS_TAP_BLOCK(pixels, 1)                                                                                          \
    APUS_TAP_BLOCK(pixels, 2)                                                                                          \
    APUS_TAP_BLOCK(pixels, 3)                                                                                          \
    APUS_TAP_BLOCK(pixels, 4)                                                                                          \
    APUS_TAP_BLOCK(pixels, 5)                                                                                          \
    APUS_TAP_BLOCK(pixels, 6)
#define APUS_TAP_ROW(pixels)                                                                                           \
    {tap_block_##pixels##_1, tap_block_##pixels##_2, tap_block_##pixels##_3,                                           \
     tap_block_##pixels##_4, tap_block_##pixels##_5, tap_block_##pixels##_6}

typedef void (*TapBlockFunction)(const TapBlock *);

APUS_TAP_BLOCKS(1)
APUS_TAP_BLOCKS(2)
#if APUS_VECTOR_REGISTERS >= 32
APUS_TAP_BLOCKS(3)
APUS_TAP_BLOCKS(4)
static const TapBlockFunction tapBlocks[4][6] = {APUS_TAP_ROW(1), APUS_TAP_ROW(2), APUS_TAP_ROW(3), APUS_TAP_ROW(4)};
#else
static const TapBlockFunction tapBlocks[2][6] = {APUS_TAP_ROW(1), APUS_TAP_ROW(2)};
#endif

/// A row of pixels whose taps lie, clipped at the edges, in a row of the source.
typedef struct {
    /// Pixels, and the source column of the first tap of pixel 0 (may lie outside).
    int64_t pixels;
    int64_t firstColumn;
    /// Source columns from one pixel, and from one tap, to the next.
    int64_t pixelStep;
    int64_t tapStep;
    int64_t taps;
    int64_t sourceWidth;
} TapRow;

/// The taps of a pixel that lie inside the source: [*begin, *end).
APUS_INLINE void inside_taps(const TapRow *row, int64_t pixel, int64_t *begin, int64_t *end)
{
    int64_t column = row->firstColumn + pixel * row->pixelStep;
    if (row->tapStep > 0) {
        *begin = larger(0, -column);
        *end = smaller(row->taps, row->sourceWidth - column);
    } else {
        *begin = larger(0, column - row->sourceWidth + 1);
        *end = smaller(row->taps, column + 1);
    }
    *end = larger(*begin, *end);
}

/// Runs a row: blocks of pixels where all taps are inside, single pixels with their own taps at the edges.
/// `t` holds everything for one block but what depends on the column; `t->source` points to source column 0.
static void run_tap_row(const TapBlock *t, const TapRow *row, int channels)
{
    TapBlock block = *t;
    for (int p = 0; p < 4; p++) block.pixelOffset[p] = p * row->pixelStep * lanesWidth;
    for (int64_t pixel = 0; pixel < row->pixels;) {
        int64_t begin, end;
        inside_taps(row, pixel, &begin, &end);
        int64_t count = 1;
        while (end - begin == row->taps && count < pixelBlock && pixel + count < row->pixels) {
            int64_t nextBegin, nextEnd;
            inside_taps(row, pixel + count, &nextBegin, &nextEnd);
            if (nextEnd - nextBegin < row->taps) break;
            count++;
        }
        int64_t column = row->firstColumn + pixel * row->pixelStep + begin * row->tapStep;
        block.columns = end - begin;
        for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
            // A pixel without taps reads nothing; the pointers then stay where they are valid.
            block.source = t->source + (end > begin ? column * lanesWidth : 0) + lane;
            block.weights = t->weights + (end > begin ? begin * t->weightColumnStep : 0);
            block.destination = t->destination + pixel * t->destinationPixelStride + lane;
            tapBlocks[count - 1][channels - 1](&block);
        }
        pixel += count;
    }
}

/// Source channels to sum in one sweep over the pixels, such that the rows under the kernel stay in the first-level
/// cache (half of 48 KiB) while the kernel moves along and down; equal parts of all of them.
APUS_INLINE int64_t sweep_channels(int64_t channels, int64_t kernelHeight, int64_t sourceWidth)
{
    int64_t fit = larger(1, 24 * 1024 / (kernelHeight * sourceWidth * lanesWidth * (int64_t)sizeof(float)));
    int64_t sweeps = (channels + fit - 1) / fit;
    return (channels + sweeps - 1) / sweeps;
}

#endif
