/// Direct convolutions, and gradients of their inputs, with channels in blocks and some images side by side: one place of
/// these at a time, with just the taps that meet the input.
#ifndef APUS_BLOCK_CONVOLUTION_TOGETHER_H
#define APUS_BLOCK_CONVOLUTION_TOGETHER_H

#include "block_sums.h"

/// The taps of a row or column of places that meet the input: the first one and what it lies on, how many, and from one to
/// the next.
typedef struct {
    int64_t tap, source, count, tapStep, sourceStep;
} AxisTaps;

APUS_INLINE AxisTaps block_axis_taps(
    int64_t isGradient, int64_t place, int64_t input, int64_t kernel, int64_t stride, int64_t dilation, int64_t padding)
{
    AxisTaps taps = {0, 0, 0, 0, 0};
    for (int64_t tap = 0; tap < kernel; tap++) {
        int64_t source = place * stride + tap * dilation - padding;
        if (isGradient) {
            // The window that lays this tap on the place, where there is one.
            int32_t ahead = (int32_t)(place + padding - tap * dilation), step = (int32_t)stride;
            if (ahead < 0 || (step > 1 && ahead % step != 0)) continue;
            source = step > 1 ? ahead / step : ahead;
        }
        if (source < 0 || source >= input) continue;
        if (taps.count == 0) {
            taps.tap = tap;
            taps.source = source;
        } else if (taps.count == 1) {
            taps.tapStep = tap - taps.tap;
            taps.sourceStep = source - taps.source;
        }
        taps.count++;
    }
    return taps;
}

/// The copies of some images' rows: [block][row][column][image][channel].
typedef struct {
    const float *input;
    int64_t firstRow, rows, images;
} BlockCopies;

/// Places of the result: all, or those of a phase, which lie at the distance of a stride.
typedef struct {
    int64_t firstRow, rowStep, firstColumn, columns, columnStep;
} BlockPlaces;

/// The places [begin, end) of those of some images, for one or two blocks of output channels.
///
/// - filters, bias: those of the first block.
/// - addend, output: where the first block of the first image lies.
static void block_convolution_places(
    const ApusBlockConvolution *c, const BlockCopies *copies, const BlockPlaces *own, const float *filters,
    const float *bias, const float *addend, ApusActivation activation, float *output, int64_t begin, int64_t end,
    int64_t vectors)
{
    enum { most = APUS_BLOCK_CONVOLUTION_PIXELS };
    _Alignas(64) float sums[most * blockVectors * vectorWidth];
    const float *pixels[most];
    int64_t places[most];
    BlockTaps taps[most];
    const int64_t images = copies->images, pixel = images * vectorWidth, line = c->inputWidth * pixel;
    const int64_t square = vectorWidth * vectorWidth, filterTaps = c->kernelHeight * c->kernelWidth * square;
    const int64_t outputPlane = c->outputHeight * c->outputWidth * vectorWidth;
    const BlockSteps steps = {copies->rows * line, filterTaps};
    const int64_t count = end - begin;
    int64_t row = -1, used = 0, widest = 0;
    AxisTaps rows = {0, 0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) {
        const int64_t column = own->firstColumn + (begin + i) % own->columns * own->columnStep;
        const int64_t ownRow = own->firstRow + (begin + i) / own->columns * own->rowStep;
        if (ownRow != row) {
            row = ownRow;
            rows = block_axis_taps(
                c->isGradient, row, c->inputHeight, c->kernelHeight, c->strideHeight, c->dilationHeight, c->paddingTop);
        }
        const AxisTaps columns = block_axis_taps(
            c->isGradient, column, c->inputWidth, c->kernelWidth, c->strideWidth, c->dilationWidth, c->paddingLeft);
        taps[i] = (BlockTaps){
            (rows.source - copies->firstRow) * line + columns.source * pixel,
            (rows.tap * c->kernelWidth + columns.tap) * square,
            rows.count, rows.sourceStep * line, rows.tapStep * c->kernelWidth * square,
            columns.count, columns.sourceStep * pixel, columns.tapStep * square};
        if (rows.count * columns.count > used) {
            used = rows.count * columns.count;
            widest = i;
        }
        for (int64_t image = 0; image < images; image++) {
            const int64_t p = i * images + image;
            places[p] = image * c->outputBlocks * outputPlane + (row * c->outputWidth + column) * vectorWidth;
            for (int64_t v = 0; v < blockVectors; v++) {
                store(
                    sums + (p * blockVectors + v) * vectorWidth,
                    bias && v < vectors ? load(bias + v * vectorWidth) : splat(0.0f));
            }
        }
    }
    // Blocks of pixels of nearly equal size: of six, five keep the processor as busy, and one does not.
    const int64_t groups = (images + blockPixels - 1) / blockPixels;
    const int64_t chunk = used > 0 ? larger(1, blockFilters / (blockVectors * used * square)) : c->inputBlocks;
    for (int64_t first = 0; used > 0 && first < c->inputBlocks; first += chunk) {
        const float *next = filters + first * filterTaps, *parts[blockVectors] = {next, next + c->inputBlocks * filterTaps};
        const int64_t blocks = smaller(chunk, c->inputBlocks - first);
        for (int64_t image = 0; image < images; image++) {
            pixels[image] = copies->input + first * steps.source + image * vectorWidth;
        }
        // The next filters come to the second cache meanwhile: those of the place with most taps.
        const int64_t ahead = smaller(chunk, c->inputBlocks - first - blocks) * vectors;
        for (int64_t i = 0; i < count; i++) {
            for (int64_t far = ahead * i / count; far < ahead * (i + 1) / count; far++) {
                const float *from = parts[far % vectors] + (blocks + far / vectors) * filterTaps;
                const BlockTaps *t = taps + widest;
                for (int64_t y = 0; y < t->rows; y++) {
                    for (int64_t x = 0; x < t->columns; x++) {
                        const float *tap = from + t->filter + y * t->rowFilter + x * t->columnFilter;
                        for (int64_t k = 0; k < square; k += 16) __builtin_prefetch(tap + k, 0, 2);
                    }
                }
            }
            for (int64_t group = 0; group < groups; group++) {
                const int64_t from = images * group / groups, to = images * (group + 1) / groups;
                block_sums_of(
                    taps + i, &steps, pixels + from, parts, blocks,
                    sums + (i * images + from) * blockVectors * vectorWidth, to - from, vectors);
            }
        }
    }
    block_results(sums, places, count * images, vectors, outputPlane, addend, activation, output);
}

static void block_convolution_together_kernel(
    const ApusBlockConvolution *c, const float *input, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, float *scratch, int64_t beginImage, int64_t endImage, int64_t beginRow,
    int64_t endRow, int64_t beginPanel, int64_t endPanel)
{
    int64_t top = c->inputHeight, bottom = 0;
    for (int64_t row = beginRow; row < endRow; row++) {
        const AxisTaps taps = block_axis_taps(
            c->isGradient, row, c->inputHeight, c->kernelHeight, c->strideHeight, c->dilationHeight, c->paddingTop);
        if (taps.count == 0) continue;
        const int64_t last = taps.source + (taps.count - 1) * taps.sourceStep;
        top = smaller(top, smaller(taps.source, last));
        bottom = larger(bottom, larger(taps.source, last) + 1);
    }
    const int64_t rows = larger(0, bottom - top), images = endImage - beginImage, pixels = rows * c->inputWidth;
    const BlockCopies copies = {scratch, top, rows, images};
    for (int64_t image = 0; image < images; image++) {
        for (int64_t block = 0; pixels > 0 && block < c->inputBlocks; block++) {
            const int64_t row = ((beginImage + image) * c->inputBlocks + block) * c->inputHeight + top;
            block_spread(
                input + row * c->inputWidth * vectorWidth, pixels, scratch + (block * pixels * images + image) * vectorWidth,
                images * vectorWidth);
        }
    }
    const int64_t filterSize = c->inputBlocks * c->kernelHeight * c->kernelWidth * vectorWidth * vectorWidth;
    // With a stride, a gradient's places have their taps in common with each second one, or the like.
    const int64_t rowStep = c->isGradient ? c->strideHeight : 1, columnStep = c->isGradient ? c->strideWidth : 1;
    const int64_t atOnce = APUS_BLOCK_CONVOLUTION_PIXELS / images;
    for (int64_t panel = beginPanel; panel < endPanel; panel++) {
        const int64_t block = panel * blockVectors;
        const int64_t place = (beginImage * c->outputBlocks + block) * c->outputHeight * c->outputWidth * vectorWidth;
        for (int64_t phase = 0; phase < rowStep * columnStep; phase++) {
            const int64_t firstRow = beginRow + phase / columnStep, firstColumn = phase % columnStep;
            const BlockPlaces own = {
                firstRow, rowStep, firstColumn, (c->outputWidth - firstColumn + columnStep - 1) / columnStep, columnStep};
            const int64_t places = larger(0, (endRow - firstRow + rowStep - 1) / rowStep) * larger(0, own.columns);
            const int64_t parts = (places + atOnce - 1) / atOnce;
            for (int64_t part = 0; part < parts; part++) {
                block_convolution_places(
                    c, &copies, &own, filters + block * filterSize, bias ? bias + block * vectorWidth : NULL,
                    addend ? addend + place : NULL, activation, output + place, places * part / parts,
                    places * (part + 1) / parts, smaller(blockVectors, c->outputBlocks - block));
            }
        }
    }
}

#endif
