/// Direct convolutions with channels in blocks, and the gradients of their inputs, for small planes and strides, where
/// oneDNN's kernels for AVX2 reach half of the processor's peak or less.
///
/// Those compute a few neighbours of one row at a time, which a row of 7 pixels or a stride of 2 leaves half empty, and
/// read the filters again for each row. Here a part of the filters stays in the nearest cache for many pixels, in one of
/// two orders.
///
/// Few images: a block of pixels runs on over the rows' ends, and planes are read from copies with padding.
///
/// Many images: a block of pixels is one place of several images, with exactly the taps that meet the input there, so that
/// no product with padding is computed; the images' pixels are copied side by side. The gradient of an input with a stride
/// is such a case: a place has only each second tap of its row and column, or the like, and those that have the same follow
/// each other.
///
/// A block of channels is a vector: input [N][C / block][H][W][block], output likewise (oneDNN's nChw8c for AVX2);
/// filters [O / block][C / block][KH][KW][block of C][block of O], as `block_filters.h` lays them out.
#ifndef APUS_BLOCK_CONVOLUTION_H
#define APUS_BLOCK_CONVOLUTION_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a convolution; padding below and to the right follows from those of the output.
///
/// For the gradient of an input, the input is the output's gradient and the output is the input's, and the filters lie as
/// those of a convolution from that input to that output.
typedef struct ApusBlockConvolution {
    int64_t images, inputBlocks, outputBlocks;
    int64_t inputHeight, inputWidth, outputHeight, outputWidth;
    int64_t kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth;
    int64_t paddingTop, paddingLeft;
    /// Whether this is the gradient of an input: for images together only.
    int64_t isGradient;
} ApusBlockConvolution;

/// Output pixels that a task computes, for two blocks of output channels: their sums stay in the nearest cache. They are of
/// several images where planes are small, which share the filters then.
#define APUS_BLOCK_CONVOLUTION_PIXELS 96

/// Images that fill a block of sums.
#define APUS_BLOCK_CONVOLUTION_IMAGES 6

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

/// The tasks of a convolution of pixels of one image: for two blocks of output channels, some pixels of all images.
static inline int64_t apus_block_convolution_tasks(const ApusBlockConvolution *c)
{
    int64_t pixels = c->images * c->outputHeight * c->outputWidth;
    return (pixels + APUS_BLOCK_CONVOLUTION_PIXELS - 1) / APUS_BLOCK_CONVOLUTION_PIXELS * ((c->outputBlocks + 1) / 2);
}

/// The rows of the input that `rows` rows of the result reach, at most.
static inline int64_t apus_block_convolution_reach(const ApusBlockConvolution *c, int64_t rows)
{
    int64_t taps = (c->kernelHeight - 1) * c->dilationHeight;
    int64_t reach = c->isGradient ? (rows - 1 + taps) / c->strideHeight + 1 : (rows - 1) * c->strideHeight + taps + 1;
    return reach < c->inputHeight ? reach : c->inputHeight;
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

/// The same for images together: for the images [beginImage, endImage), at most `APUS_BLOCK_CONVOLUTION_PIXELS`, the rows
/// [beginRow, endRow) of the result and the pairs [beginPanel, endPanel) of blocks of output channels.
///
/// - scratch: the copies of the rows of the input that those reach, of all input channels.
void apus_block_convolution_together(
    const ApusBlockConvolution *c, const float *input, const float *filters, const float *bias, const float *addend,
    ApusActivation activation, float *output, float *scratch, int64_t beginImage, int64_t endImage, int64_t beginRow,
    int64_t endRow, int64_t beginPanel, int64_t endPanel);

#ifdef __cplusplus
}
#endif

#endif
