/// Direct convolutions with channels in blocks, image by image.
#ifndef APUS_BLOCK_CONVOLUTION_KERNEL_H
#define APUS_BLOCK_CONVOLUTION_KERNEL_H

#include "block_sums.h"

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
