/// Direct convolutions with channels in blocks: a block of sums is some pixels × 2 vectors of output channels.
#ifndef APUS_BLOCK_CONVOLUTION_KERNEL_H
#define APUS_BLOCK_CONVOLUTION_KERNEL_H

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

static void block_convolution_pad_kernel(
    const ApusBlockConvolution *c, const float *input, float *padded, int64_t begin, int64_t end)
{
    int64_t height = apus_block_convolution_height(c), width = apus_block_convolution_width(c);
    int64_t line = width * vectorWidth, columns = smaller(c->inputWidth, width - c->paddingLeft) * vectorWidth;
    int64_t left = smaller(c->paddingLeft * vectorWidth, line);
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = input + plane * c->inputHeight * c->inputWidth * vectorWidth;
        float *target = padded + plane * height * line;
        for (int64_t row = 0; row < height; row++, target += line) {
            int64_t from = row - c->paddingTop;
            if (from < 0 || from >= c->inputHeight || columns <= 0) {
                memset(target, 0, (size_t)line * sizeof(float));
                continue;
            }
            memset(target, 0, (size_t)left * sizeof(float));
            memcpy(target + left, source + from * c->inputWidth * vectorWidth, (size_t)columns * sizeof(float));
            memset(target + left + columns, 0, (size_t)(line - left - columns) * sizeof(float));
        }
    }
}

/// Adds the products of some input blocks to the sums of `count` pixels.
APUS_INLINE void block_sums(
    const ApusBlockConvolution *c, const float *const *pixels, const float *const *filters, int64_t blocks,
    float *sums, const int count, const int vectors)
{
    int64_t width = apus_block_convolution_width(c) * vectorWidth;
    int64_t plane = apus_block_convolution_height(c) * width, square = vectorWidth * vectorWidth;
    int64_t unusedColumns = (c->filterWidth - c->kernelWidth) * square;
    int64_t unusedRows = (c->filterHeight - c->kernelHeight) * c->filterWidth * square;
    const float *source[blockPixels], *weights[blockVectors];
    vfloat own[blockPixels][blockVectors];
    APUS_UNROLL
    for (int v = 0; v < vectors; v++) weights[v] = filters[v];
    APUS_UNROLL
    for (int p = 0; p < count; p++) {
        source[p] = pixels[p];
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) own[p][v] = load(sums + (p * blockVectors + v) * vectorWidth);
    }
    for (int64_t block = 0; block < blocks; block++) {
        for (int64_t row = 0; row < c->kernelHeight; row++) {
            int64_t place = block * plane + row * c->dilationHeight * width;
            for (int64_t column = 0; column < c->kernelWidth; column++) {
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) {
                    vfloat w[blockVectors];
                    APUS_UNROLL
                    for (int v = 0; v < vectors; v++) w[v] = load(weights[v] + i * vectorWidth);
                    APUS_UNROLL
                    for (int p = 0; p < count; p++) {
                        vfloat x = splat(source[p][place + i]);
                        APUS_UNROLL
                        for (int v = 0; v < vectors; v++) own[p][v] = multiply_add(x, w[v], own[p][v]);
                    }
                }
                APUS_UNROLL
                for (int v = 0; v < vectors; v++) weights[v] += square;
                place += c->dilationWidth * vectorWidth;
            }
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) weights[v] += unusedColumns;
        }
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) weights[v] += unusedRows;
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
            block_sums(c, pixels, filters, blocks, sums, count, blockVectors);                                         \
        } else {                                                                                                       \
            block_sums(c, pixels, filters, blocks, sums, count, 1);                                                    \
        }                                                                                                              \
        break;

static void block_sums_of(
    const ApusBlockConvolution *c, const float *const *pixels, const float *const *filters, int64_t blocks,
    float *sums, int64_t count, int64_t vectors)
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

/// The pixels [begin, end) of all images, for one or two blocks of output channels.
///
/// - filters, bias: those of the first block.
/// - addend, output: where the first block of the first image lies.
static void block_convolution_part(
    const ApusBlockConvolution *c, const float *images, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, int64_t begin, int64_t end, int64_t vectors)
{
    _Alignas(64) float sums[APUS_BLOCK_CONVOLUTION_PIXELS * blockVectors * vectorWidth];
    const float *pixels[APUS_BLOCK_CONVOLUTION_PIXELS];
    int64_t places[APUS_BLOCK_CONVOLUTION_PIXELS];
    int64_t width = apus_block_convolution_width(c), plane = apus_block_convolution_height(c) * width * vectorWidth;
    int64_t count = end - begin, taps = c->filterHeight * c->filterWidth * vectorWidth * vectorWidth;
    int64_t outputPixels = c->outputHeight * c->outputWidth, outputPlane = outputPixels * vectorWidth;
    filters += (c->firstRow * c->filterWidth + c->firstColumn) * vectorWidth * vectorWidth;
    for (int64_t p = 0; p < count; p++) {
        int64_t image = (begin + p) / outputPixels, pixel = (begin + p) % outputPixels;
        int64_t row = pixel / c->outputWidth, column = pixel % c->outputWidth;
        pixels[p] = images + image * c->inputBlocks * plane
            + (row * c->strideHeight * width + column * c->strideWidth) * vectorWidth;
        places[p] = image * c->outputBlocks * outputPlane + pixel * vectorWidth;
        for (int64_t v = 0; v < blockVectors; v++) {
            store(
                sums + (p * blockVectors + v) * vectorWidth,
                bias && v < vectors ? load(bias + v * vectorWidth) : splat(0.0f));
        }
    }
    // Blocks of pixels of nearly equal size: of six, five keep the processor as busy, and one does not.
    int64_t groups = (count + blockPixels - 1) / blockPixels;
    int64_t used = c->kernelHeight * c->kernelWidth * vectorWidth * vectorWidth;
    int64_t span = ((c->kernelHeight - 1) * c->filterWidth + c->kernelWidth) * vectorWidth * vectorWidth;
    int64_t chunk = larger(1, blockFilters / (blockVectors * used));
    for (int64_t first = 0; first < c->inputBlocks; first += chunk) {
        const float *parts[blockVectors] = {filters + first * taps, filters + (c->inputBlocks + first) * taps};
        int64_t blocks = smaller(chunk, c->inputBlocks - first);
        for (int64_t group = 0; group < groups; group++) {
            int64_t from = count * group / groups, to = count * (group + 1) / groups;
            // The next filters come from memory meanwhile.
            int64_t rest = smaller(chunk, c->inputBlocks - first - blocks), next = rest * taps;
            for (int64_t v = 0; v < vectors; v++) {
                const float *ahead = parts[v] + blocks * taps;
                if (span == taps) {
                    block_prefetch(ahead, next * group / groups, next * (group + 1) / groups);
                } else {
                    for (int64_t b = rest * group / groups; b < rest * (group + 1) / groups; b++) {
                        block_prefetch(ahead + b * taps, 0, span);
                    }
                }
            }
            block_sums_of(
                c, pixels + from, parts, blocks, sums + from * blockVectors * vectorWidth, to - from, vectors);
        }
        for (int64_t p = 0; p < count; p++) pixels[p] += blocks * plane;
    }
    for (int64_t v = 0; v < vectors; v++) {
        for (int64_t p = 0; p < count; p++) {
            int64_t place = v * outputPlane + places[p];
            vfloat y = load(sums + (p * blockVectors + v) * vectorWidth);
            if (addend) y += load(addend + place);
            store(output + place, vector_activate(y, activation));
        }
    }
}

static void block_convolution_forward_kernel(
    const ApusBlockConvolution *c, const float *padded, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, int64_t begin, int64_t end)
{
    int64_t outputPixels = c->outputHeight * c->outputWidth, pixels = c->images * outputPixels;
    int64_t parts = (pixels + APUS_BLOCK_CONVOLUTION_PIXELS - 1) / APUS_BLOCK_CONVOLUTION_PIXELS;
    int64_t filterSize = c->inputBlocks * c->filterHeight * c->filterWidth * vectorWidth * vectorWidth;
    for (int64_t task = begin; task < end; task++) {
        int64_t part = task % parts, block = task / parts * blockVectors;
        int64_t place = block * outputPixels * vectorWidth;
        block_convolution_part(
            c, padded, filters + block * filterSize, bias ? bias + block * vectorWidth : NULL,
            addend ? addend + place : NULL, activation, output + place, pixels * part / parts,
            pixels * (part + 1) / parts, smaller(blockVectors, c->outputBlocks - block));
    }
}

#endif
