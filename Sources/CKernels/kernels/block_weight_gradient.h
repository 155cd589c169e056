/// The gradient of a convolution's filters: a block of sums is some input channels × 2 vectors of output channels.
#ifndef APUS_BLOCK_WEIGHT_GRADIENT_KERNEL_H
#define APUS_BLOCK_WEIGHT_GRADIENT_KERNEL_H

#include "../include/block_weight_gradient.h"
#include "block_sums.h"
#include "lanes_layout.h"

enum {
    filterSumVectors = APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS,
    /// Input channels of a block of sums; beside the sums, two registers hold output gradients and one an input.
    filterSumRows = APUS_VECTOR_REGISTERS >= 32 ? 12 : 6,
    /// The floats of a row of sums.
    filterSumWidth = filterSumVectors * vectorWidth,
    /// Pixels whose products are added in registers, then to the sums in memory: the inputs and gradients of as many
    /// stay in the nearest cache, and loading and storing sums is a small part of the time.
    filterSumPixels = 128,
};

/// The pixels of a block of sums: rows of runs of equal length, at equal distances.
typedef struct {
    int64_t count, input, gradient;
    int64_t runs, inputRun, gradientRun;
    int64_t rows, inputRow, gradientRow;
    /// From a vector of output channels to the next.
    int64_t gradientVector;
    /// From an input channel's sums to the next one's.
    int64_t sumStep;
} FilterRuns;

APUS_INLINE void add_filter_products(
    const FilterRuns *r, const float *input, const float *gradient, float *sums, const int rows, const int vectors)
{
    vfloat own[filterSumRows][filterSumVectors];
    APUS_UNROLL
    for (int i = 0; i < rows; i++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) own[i][v] = splat(0.0f);
    }
    const int64_t count = r->count, inputStep = r->input, gradientStep = r->gradient;
    const int64_t gradientVector = r->gradientVector;
    for (int64_t row = 0; row < r->rows; row++) {
        for (int64_t run = 0; run < r->runs; run++) {
            const float *x = input + row * r->inputRow + run * r->inputRun;
            const float *g = gradient + row * r->gradientRow + run * r->gradientRun;
            // The body is long enough; runs are short.
            _Pragma("clang loop unroll(disable)")
            for (int64_t k = count; k > 0; k--, x += inputStep, g += gradientStep) {
                vfloat dy[filterSumVectors];
                APUS_UNROLL
                for (int v = 0; v < vectors; v++) dy[v] = load(g + v * gradientVector);
                APUS_UNROLL
                for (int i = 0; i < rows; i++) {
                    vfloat value = splat(x[i]);
                    APUS_UNROLL
                    for (int v = 0; v < vectors; v++) own[i][v] = multiply_add(value, dy[v], own[i][v]);
                }
            }
        }
    }
    APUS_UNROLL
    for (int i = 0; i < rows; i++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) {
            float *sum = sums + i * r->sumStep + v * vectorWidth;
            store(sum, load(sum) + own[i][v]);
        }
    }
}

#define APUS_FILTER_PRODUCTS(rows)                                                                                     \
    case rows:                                                                                                         \
        if (vectors == filterSumVectors) {                                                                             \
            add_filter_products(r, input, gradient, sums, rows, filterSumVectors);                                     \
        } else {                                                                                                       \
            add_filter_products(r, input, gradient, sums, rows, 1);                                                    \
        }                                                                                                              \
        break;

/// The same for as many input channels as one to three blocks are cut into (`next_block`).
__attribute__((noinline)) static void add_filter_products_of(
    const FilterRuns *r, const float *input, const float *gradient, float *sums, int rows, int64_t vectors)
{
    switch (rows) {
#if APUS_VECTOR_REGISTERS >= 32
        APUS_FILTER_PRODUCTS(8)
        APUS_FILTER_PRODUCTS(10)
        APUS_FILTER_PRODUCTS(11)
        APUS_FILTER_PRODUCTS(12)
#endif
        APUS_FILTER_PRODUCTS(4)
        APUS_FILTER_PRODUCTS(5)
        APUS_FILTER_PRODUCTS(6)
    }
}
#undef APUS_FILTER_PRODUCTS

/// Copies rows of some blocks of channels of some images: [row][column][image][channel].
static void filter_gradient_gather(
    const float *source, int64_t imageStep, int64_t blockStep, int64_t pixels, int64_t images, int64_t blocks,
    float *target)
{
    const int64_t channels = blocks * vectorWidth;
    for (int64_t image = 0; image < images; image++, source += imageStep) {
        for (int64_t block = 0; block < blocks; block++) {
            block_spread(
                source + block * blockStep, pixels, target + image * channels + block * vectorWidth, images * channels);
        }
    }
}

/// A part of the input channels.
typedef struct {
    int64_t first, blocks;
} FilterPart;

/// Parts of nearly equal size: two blocks keep the processor almost as busy as three, and one does not.
APUS_INLINE FilterPart filter_part(const ApusBlockWeightGradient *c, int64_t part)
{
    int64_t parts = apus_block_weight_gradient_parts(c);
    int64_t first = c->inputBlocks * part / parts;
    return (FilterPart){first, c->inputBlocks * (part + 1) / parts - first};
}

/// Where the sums of a part and a pair begin: [pair][input channel][tap][output channel].
APUS_INLINE float *filter_sums(const ApusBlockWeightGradient *c, float *sums, FilterPart part, int64_t pair)
{
    int64_t channels = (pair * c->inputBlocks + part.first) * vectorWidth;
    return sums + channels * c->tapRows * c->tapColumns * filterSumWidth;
}

/// The results [*begin, *end) of some whose window lays a tap, `offset` behind the window's start, on the input.
APUS_INLINE void filter_reach(int64_t offset, int64_t stride, int64_t input, int64_t *begin, int64_t *end)
{
    if (offset < 0) *begin = larger(*begin, (-offset + stride - 1) / stride);
    *end = offset >= input ? *begin : smaller(*end, (input - 1 - offset) / stride + 1);
}

/// The copies of some images' rows.
typedef struct {
    /// From row `firstRow` on: [row][column][image][channel].
    const float *input;
    int64_t firstRow, images, channels;
    /// Likewise, or as it lies for one image or planes of one pixel, from the row `gradientRow` of the result on.
    const float *gradient;
    int64_t gradientRow, gradientPixel, gradientVector;
    /// From an image's pixel to the next one's, or from a pixel to the next.
    int64_t gradientStep;
} FilterCopies;

/// Adds the products of the rows and columns of the result for all taps.
static void filter_gradient_block(
    const ApusBlockWeightGradient *c, const FilterCopies *copies, float *sums, int64_t beginRow, int64_t endRow,
    int64_t beginColumn, int64_t endColumn, int64_t vectors)
{
    const int64_t pixel = copies->images * copies->channels, line = c->inputWidth * pixel;
    const int64_t sumStep = c->tapRows * c->tapColumns * filterSumWidth;
    for (int64_t ky = 0; ky < c->tapRows; ky++) {
        int64_t down = (c->firstTapRow + ky) * c->dilationHeight - c->paddingTop, top = beginRow, bottom = endRow;
        filter_reach(down, c->strideHeight, c->inputHeight, &top, &bottom);
        for (int64_t kx = 0; top < bottom && kx < c->tapColumns; kx++) {
            int64_t right = (c->firstTapColumn + kx) * c->dilationWidth - c->paddingLeft;
            int64_t left = beginColumn, end = endColumn;
            filter_reach(right, c->strideWidth, c->inputWidth, &left, &end);
            if (left >= end) continue;
            const float *input = copies->input + (top * c->strideHeight + down - copies->firstRow) * line
                + (left * c->strideWidth + right) * pixel;
            const float *gradient = copies->gradient
                + ((top - copies->gradientRow) * c->outputWidth + left) * copies->gradientPixel;
            FilterRuns runs = {
                end - left, c->strideWidth * pixel, copies->gradientPixel, 1, 0, 0, bottom - top, c->strideHeight * line,
                c->outputWidth * copies->gradientPixel, copies->gradientVector, sumStep};
            if (copies->images > 1) {
                // A run is the images' pixels at one place.
                runs.runs = runs.count;
                runs.inputRun = runs.input;
                runs.gradientRun = runs.gradient;
                runs.count = copies->images;
                runs.input = copies->channels;
                runs.gradient = copies->gradientStep;
            }
            float *place = sums + (ky * c->tapColumns + kx) * filterSumWidth;
            for (int64_t row = 0; row < copies->channels;) {
                int rows = next_block(copies->channels - row, filterSumRows);
                add_filter_products_of(&runs, input + row, gradient, place + row * sumStep, rows, vectors);
                row += rows;
            }
        }
    }
}

/// Adds the output gradients of some images' rows, for the bias.
static void filter_bias_sums(
    const FilterCopies *copies, int64_t pixels, int64_t vectors, float *sums)
{
    const int64_t step = copies->gradientStep;
    for (int64_t v = 0; v < vectors; v++) {
        const float *g = copies->gradient + v * copies->gradientVector;
        vfloat own[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
        int64_t i = 0;
        for (; i + 4 <= pixels; i += 4) {
            APUS_UNROLL
            for (int k = 0; k < 4; k++) own[k] += load(g + (i + k) * step);
        }
        for (; i < pixels; i++) own[0] += load(g + i * step);
        float *sum = sums + v * vectorWidth;
        store(sum, load(sum) + ((own[0] + own[1]) + (own[2] + own[3])));
    }
}

/// Adds the products of some rows of the result of some images, for a part of the input channels.
static void filter_gradient_rows(
    const ApusBlockWeightGradient *c, const float *input, const float *outputGradient, float *sums, float *biasSums,
    float *scratch, int64_t image, int64_t images, int64_t row, int64_t endRow, int64_t part, int64_t beginPair,
    int64_t endPair)
{
    const FilterPart own = filter_part(c, part);
    const int64_t channels = own.blocks * vectorWidth;
    const int64_t inputPlane = c->inputHeight * c->inputWidth * vectorWidth;
    const int64_t outputPlane = c->outputHeight * c->outputWidth * vectorWidth;
    const int64_t top = larger(0, row * c->strideHeight - c->paddingTop);
    const int64_t reach = (c->kernelHeight - 1) * c->dilationHeight - c->paddingTop + 1;
    const int64_t bottom = smaller(c->inputHeight, (endRow - 1) * c->strideHeight + reach);
    filter_gradient_gather(
        input + (image * c->inputBlocks + own.first) * inputPlane + top * c->inputWidth * vectorWidth,
        c->inputBlocks * inputPlane, inputPlane, larger(0, bottom - top) * c->inputWidth, images, own.blocks, scratch);
    float *gradientCopy = scratch
        + APUS_BLOCK_WEIGHT_GRADIENT_INPUTS * apus_block_weight_gradient_reach(c, c->rowsAtOnce) * c->inputWidth
            * c->imagesAtOnce * vectorWidth;
    // Some rows, or some columns of a row.
    const int64_t rows = larger(1, filterSumPixels / (c->outputWidth * images));
    const int64_t columns = images > 1 ? larger(1, filterSumPixels / images) : c->outputWidth;
    const int64_t pixels = (endRow - row) * c->outputWidth;
    for (int64_t pair = beginPair; pair < endPair; pair++) {
        const int64_t first = pair * filterSumVectors, vectors = smaller(filterSumVectors, c->outputBlocks - first);
        const float *gradient = outputGradient + (image * c->outputBlocks + first) * outputPlane
            + row * c->outputWidth * vectorWidth;
        FilterCopies copies = {scratch, top, images, channels, gradient, row, vectorWidth, outputPlane, vectorWidth};
        copies.gradientStep = images > 1 ? c->outputBlocks * outputPlane : vectorWidth;
        if (images > 1 && c->outputHeight * c->outputWidth > 1) {
            filter_gradient_gather(
                gradient, c->outputBlocks * outputPlane, outputPlane, pixels, images, vectors, gradientCopy);
            copies.gradient = gradientCopy;
            copies.gradientStep = vectors * vectorWidth;
            copies.gradientPixel = images * copies.gradientStep;
            copies.gradientVector = vectorWidth;
        }
        float *filters = filter_sums(c, sums, own, pair);
        for (int64_t y = row; y < endRow; y += rows) {
            for (int64_t x = 0; x < c->outputWidth; x += columns) {
                filter_gradient_block(
                    c, &copies, filters, y, smaller(y + rows, endRow), x, smaller(x + columns, c->outputWidth),
                    vectors);
            }
        }
        if (part == 0) filter_bias_sums(&copies, pixels * images, vectors, biasSums + pair * filterSumWidth);
    }
}

static void block_weight_gradient_kernel(
    const ApusBlockWeightGradient *c, const float *input, const float *outputGradient, float *sums, float *scratch,
    int64_t beginImage, int64_t endImage, int64_t beginPart, int64_t endPart, int64_t beginPair, int64_t endPair)
{
    const int64_t taps = c->tapRows * c->tapColumns;
    float *biasSums = sums
        + apus_block_weight_gradient_pairs(c) * c->inputBlocks * vectorWidth * taps * filterSumWidth;
    for (int64_t part = beginPart; part < endPart; part++) {
        const FilterPart own = filter_part(c, part);
        const size_t count = (size_t)(own.blocks * vectorWidth * taps * filterSumWidth);
        for (int64_t pair = beginPair; pair < endPair; pair++) {
            memset(filter_sums(c, sums, own, pair), 0, count * sizeof(float));
            if (part == 0) memset(biasSums + pair * filterSumWidth, 0, filterSumWidth * sizeof(float));
        }
    }
    for (int64_t image = beginImage; image < endImage;) {
        const int64_t images = next_block(endImage - image, c->imagesAtOnce);
        for (int64_t row = 0; row < c->outputHeight; row += c->rowsAtOnce) {
            const int64_t endRow = smaller(row + c->rowsAtOnce, c->outputHeight);
            for (int64_t part = beginPart; part < endPart; part++) {
                filter_gradient_rows(
                    c, input, outputGradient, sums, biasSums, scratch, image, images, row, endRow, part, beginPair,
                    endPair);
            }
        }
        image += images;
    }
}

#endif
