/// Direct convolutions with channels in blocks, for small planes and strides, where oneDNN's kernels for AVX2 reach half
/// of the processor's peak or less.
///
/// Those compute a few neighbours of one row at a time, which a row of 7 pixels or a stride of 2 leaves half empty, and
/// read the filters again for each row. Here a block of pixels runs on over the rows' ends, and a part of the filters
/// stays in the nearest cache for many pixels.
///
/// A block of channels is a vector: input [N][C / block][H][W][block], output likewise (oneDNN's nChw8c for AVX2);
/// filters [O / block][C / block][KH][KW][block of C][block of O] (OIhw8i8o).
#ifndef APUS_BLOCK_CONVOLUTION_H
#define APUS_BLOCK_CONVOLUTION_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a convolution; padding below and to the right follows from those of the output.
typedef struct ApusBlockConvolution {
    int64_t images, inputBlocks, outputBlocks;
    int64_t inputHeight, inputWidth, outputHeight, outputWidth;
    int64_t kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth;
    int64_t paddingTop, paddingLeft;
    /// The taps of the filters in memory, and the first ones that are used: those that no window lays on the input are
    /// left out.
    int64_t filterHeight, filterWidth, firstRow, firstColumn;
} ApusBlockConvolution;

/// Output pixels that a task computes, for two blocks of output channels: their sums stay in the nearest cache. They are of
/// several images where planes are small, which share the filters then.
#define APUS_BLOCK_CONVOLUTION_PIXELS 96

/// Whether windows reach beyond the input: then its planes are read from padded copies.
static inline int apus_block_convolution_is_padded(const ApusBlockConvolution *c)
{
    int64_t bottom = (c->outputHeight - 1) * c->strideHeight + (c->kernelHeight - 1) * c->dilationHeight;
    int64_t right = (c->outputWidth - 1) * c->strideWidth + (c->kernelWidth - 1) * c->dilationWidth;
    return c->paddingTop > 0 || c->paddingLeft > 0 || bottom >= c->inputHeight || right >= c->inputWidth;
}

/// The height of the planes that the convolution reads.
static inline int64_t apus_block_convolution_height(const ApusBlockConvolution *c)
{
    if (!apus_block_convolution_is_padded(c)) return c->inputHeight;
    return (c->outputHeight - 1) * c->strideHeight + (c->kernelHeight - 1) * c->dilationHeight + 1;
}

/// The width of the planes that the convolution reads.
static inline int64_t apus_block_convolution_width(const ApusBlockConvolution *c)
{
    if (!apus_block_convolution_is_padded(c)) return c->inputWidth;
    return (c->outputWidth - 1) * c->strideWidth + (c->kernelWidth - 1) * c->dilationWidth + 1;
}

/// The tasks of a convolution: for two blocks of output channels, some pixels of all images.
static inline int64_t apus_block_convolution_tasks(const ApusBlockConvolution *c)
{
    int64_t pixels = c->images * c->outputHeight * c->outputWidth;
    int64_t parts = (pixels + APUS_BLOCK_CONVOLUTION_PIXELS - 1) / APUS_BLOCK_CONVOLUTION_PIXELS;
    return (c->outputBlocks + 1) / 2 * parts;
}

/// Copies the planes [begin, end) of N · C / block with zeros around them: what windows reach, and no more.
void apus_block_convolution_pad(
    const ApusBlockConvolution *c, const float *input, float *padded, int64_t begin, int64_t end);

/// activation((w ∗ x + b) + z) for the tasks [begin, end), in which pixels run fastest, then output channels.
///
/// - padded: the padded planes, or the input where none are needed.
/// - bias: [O], or NULL for none.
/// - addend: z, of the output's sizes and layout, or NULL for none; it may be the output itself.
void apus_block_convolution_forward(
    const ApusBlockConvolution *c, const float *padded, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
