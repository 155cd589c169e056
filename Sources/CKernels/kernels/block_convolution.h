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
    const int64_t square = vectorWidth * vectorWidth;
    int64_t count = end - begin, taps = c->kernelHeight * c->kernelWidth * square;
    int64_t outputPixels = c->outputHeight * c->outputWidth, outputPlane = outputPixels * vectorWidth;
    const BlockSteps steps = {plane, taps};
    const BlockTaps all = {
        0, 0, c->kernelHeight, c->dilationHeight * width * vectorWidth, c->kernelWidth * square, c->kernelWidth,
        c->dilationWidth * vectorWidth, square};
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
    int64_t chunk = larger(1, blockFilters / (blockVectors * taps));
    for (int64_t first = 0; first < c->inputBlocks; first += chunk) {
        const float *parts[blockVectors] = {filters + first * taps, filters + (c->inputBlocks + first) * taps};
        int64_t blocks = smaller(chunk, c->inputBlocks - first);
        for (int64_t group = 0; group < groups; group++) {
            int64_t from = count * group / groups, to = count * (group + 1) / groups;
            // The next filters come from memory meanwhile.
            int64_t next = smaller(chunk, c->inputBlocks - first - blocks) * taps;
            for (int64_t v = 0; v < vectors; v++) {
                block_prefetch(parts[v] + blocks * taps, next * group / groups, next * (group + 1) / groups);
            }
            block_sums_of(
                &all, &steps, pixels + from, parts, blocks, sums + from * blockVectors * vectorWidth, to - from,
                vectors);
        }
        for (int64_t p = 0; p < count; p++) pixels[p] += blocks * plane;
    }
    block_results(sums, places, count, vectors, outputPlane, addend, activation, output);
}

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

/// Copies a block's pixels to places at a distance.
APUS_INLINE void block_spread(const float *source, int64_t pixels, float *target, int64_t step)
{
    for (int64_t pixel = 0; pixel < pixels; pixel++) store(target + pixel * step, load(source + pixel * vectorWidth));
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

static void block_convolution_forward_kernel(
    const ApusBlockConvolution *c, const float *padded, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, int64_t begin, int64_t end)
{
    int64_t pixels = c->images * c->outputHeight * c->outputWidth;
    int64_t parts = (pixels + APUS_BLOCK_CONVOLUTION_PIXELS - 1) / APUS_BLOCK_CONVOLUTION_PIXELS;
    int64_t filterSize = c->inputBlocks * c->kernelHeight * c->kernelWidth * vectorWidth * vectorWidth;
    for (int64_t task = begin; task < end; task++) {
        int64_t part = task % parts, block = task / parts * blockVectors;
        int64_t place = block * c->outputHeight * c->outputWidth * vectorWidth;
        block_convolution_part(
            c, padded, filters + block * filterSize, bias ? bias + block * vectorWidth : NULL,
            addend ? addend + place : NULL, activation, output + place, pixels * part / parts,
            pixels * (part + 1) / parts, smaller(blockVectors, c->outputBlocks - block));
    }
}

#endif
