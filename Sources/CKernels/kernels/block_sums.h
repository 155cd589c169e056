/// The sums of direct convolutions with channels in blocks: a block of them is some pixels × 2 vectors of output channels.
#ifndef APUS_BLOCK_SUMS_H
#define APUS_BLOCK_SUMS_H

#include "../include/block_convolution.h"
#include "add_activate.h"

enum {
    blockVectors = 2,
    /// Pixels of a block of sums; beside the sums, two registers hold filters and one an input.
    blockPixels = APUS_VECTOR_REGISTERS >= 32 ? 12 : 6,
    /// Floats of the filters that are used for all pixels of a task before the next ones are read: a third of the
    /// nearest cache (32 KB).
    blockFilters = 2560,
};

/// The taps of a block of pixels: some rows and columns of them at equal distances, in the planes and in the filters.
typedef struct {
    int64_t source, filter;
    int64_t rows, rowSource, rowFilter;
    int64_t columns, columnSource, columnFilter;
} BlockTaps;

/// From a block of input channels to the next, in the planes and in the filters.
typedef struct {
    int64_t source, filter;
} BlockSteps;

/// Adds the products of some input blocks to the sums of `count` pixels.
APUS_INLINE void block_sums(
    const BlockTaps *taps, const BlockSteps *steps, const float *const *pixels, const float *const *filters,
    int64_t blocks, float *sums, const int count, const int vectors)
{
    const float *source[blockPixels], *weights[blockVectors];
    vfloat own[blockPixels][blockVectors];
    APUS_UNROLL
    for (int v = 0; v < vectors; v++) weights[v] = filters[v] + taps->filter;
    APUS_UNROLL
    for (int p = 0; p < count; p++) {
        source[p] = pixels[p] + taps->source;
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) own[p][v] = load(sums + (p * blockVectors + v) * vectorWidth);
    }
    for (int64_t block = 0; block < blocks; block++) {
        for (int64_t row = 0; row < taps->rows; row++) {
            int64_t place = block * steps->source + row * taps->rowSource;
            int64_t filter = block * steps->filter + row * taps->rowFilter;
            for (int64_t column = taps->columns; column > 0; column--) {
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) {
                    vfloat w[blockVectors];
                    APUS_UNROLL
                    for (int v = 0; v < vectors; v++) w[v] = load(weights[v] + filter + i * vectorWidth);
                    APUS_UNROLL
                    for (int p = 0; p < count; p++) {
                        vfloat x = splat(source[p][place + i]);
                        APUS_UNROLL
                        for (int v = 0; v < vectors; v++) own[p][v] = multiply_add(x, w[v], own[p][v]);
                    }
                }
                place += taps->columnSource;
                filter += taps->columnFilter;
            }
        }
    }
    APUS_UNROLL
    for (int p = 0; p < count; p++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) store(sums + (p * blockVectors + v) * vectorWidth, own[p][v]);
    }
}

/// The same for a number of pixels that is known only here.
#define APUS_BLOCK_SUMS(count)                                                                                         \
    case count:                                                                                                        \
        if (vectors == blockVectors) {                                                                                 \
            block_sums(taps, steps, pixels, filters, blocks, sums, count, blockVectors);                               \
        } else {                                                                                                       \
            block_sums(taps, steps, pixels, filters, blocks, sums, count, 1);                                          \
        }                                                                                                              \
        break;

static void block_sums_of(
    const BlockTaps *taps, const BlockSteps *steps, const float *const *pixels, const float *const *filters,
    int64_t blocks, float *sums, int64_t count, int64_t vectors)
{
    switch (count) {
        APUS_BLOCK_SUMS(1)
        APUS_BLOCK_SUMS(2)
        APUS_BLOCK_SUMS(3)
        APUS_BLOCK_SUMS(4)
        APUS_BLOCK_SUMS(5)
        APUS_BLOCK_SUMS(6)
#if APUS_VECTOR_REGISTERS >= 32
        APUS_BLOCK_SUMS(7)
        APUS_BLOCK_SUMS(8)
        APUS_BLOCK_SUMS(9)
        APUS_BLOCK_SUMS(10)
        APUS_BLOCK_SUMS(11)
        APUS_BLOCK_SUMS(12)
#endif
    }
}
#undef APUS_BLOCK_SUMS

/// Asks for the floats [begin, end), which are to be in the nearest cache soon.
APUS_INLINE void block_prefetch(const float *p, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i += 16) __builtin_prefetch(p + i);
}

/// Writes the results of some pixels' sums: adds z and applies the activation.
static void block_results(
    const float *sums, const int64_t *places, int64_t count, int64_t vectors, int64_t outputPlane, const float *addend,
    ApusActivation activation, float *output)
{
    for (int64_t v = 0; v < vectors; v++) {
        for (int64_t p = 0; p < count; p++) {
            int64_t place = v * outputPlane + places[p];
            vfloat y = load(sums + (p * blockVectors + v) * vectorWidth);
            if (addend) y += load(addend + place);
            store(output + place, vector_activate(y, activation));
        }
    }
}

/// Copies a block's pixels to places at a distance.
APUS_INLINE void block_spread(const float *source, int64_t pixels, float *target, int64_t step)
{
    for (int64_t pixel = 0; pixel < pixels; pixel++) store(target + pixel * step, load(source + pixel * vectorWidth));
}

#endif
