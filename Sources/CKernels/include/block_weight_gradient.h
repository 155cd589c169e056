/// The gradient of a convolution's filters with channels in blocks, for small planes and strides, where oneDNN's kernels
/// for AVX2 reach half of the processor's peak or multiply matrices image by image.
///
/// A block of sums is two vectors of output channels × some input channels for one tap, over the pixels whose windows lay
/// that tap on the input: products with padding are left out. Input channels are copied side by side first, so that any
/// number of them is a block of sums; where planes are small, so are the images, which a run of pixels crosses then.
///
/// A block of channels is a vector: x is [N][C / block][H][W][block], dy likewise (oneDNN's nChw8c for AVX2).
#ifndef APUS_BLOCK_WEIGHT_GRADIENT_H
#define APUS_BLOCK_WEIGHT_GRADIENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of the convolution; padding below and to the right follows from those of the output.
typedef struct ApusBlockWeightGradient {
    int64_t images, inputBlocks, outputBlocks;
    int64_t inputHeight, inputWidth, outputHeight, outputWidth;
    int64_t kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth;
    int64_t paddingTop, paddingLeft;
    /// The taps that have sums: the others only meet padding, and their gradient is 0.
    int64_t firstTapRow, tapRows, firstTapColumn, tapColumns;
    /// The channels of a block.
    int64_t block;
    /// Images side by side in the copies: one for planes whose rows are runs long enough.
    int64_t imagesAtOnce;
    /// Rows of the result whose input is copied at once, and stays in the second cache.
    int64_t rowsAtOnce;
} ApusBlockWeightGradient;

/// Blocks of input channels that lie side by side in the copies.
#define APUS_BLOCK_WEIGHT_GRADIENT_INPUTS 3
/// Blocks of output channels of a block of sums.
#define APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS 2

/// Input channels whose gradients are written at once: a multiple of a line of the caches, whatever the taps.
#define APUS_BLOCK_WEIGHT_GRADIENT_CHUNK 16

/// The parts of the input channels, each at most three blocks.
static inline int64_t apus_block_weight_gradient_parts(const ApusBlockWeightGradient *c)
{
    return (c->inputBlocks + APUS_BLOCK_WEIGHT_GRADIENT_INPUTS - 1) / APUS_BLOCK_WEIGHT_GRADIENT_INPUTS;
}

/// The chunks of input channels.
static inline int64_t apus_block_weight_gradient_chunks(const ApusBlockWeightGradient *c)
{
    return (c->inputBlocks * c->block + APUS_BLOCK_WEIGHT_GRADIENT_CHUNK - 1) / APUS_BLOCK_WEIGHT_GRADIENT_CHUNK;
}

/// The pairs of blocks of output channels.
static inline int64_t apus_block_weight_gradient_pairs(const ApusBlockWeightGradient *c)
{
    return (c->outputBlocks + APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS - 1) / APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS;
}

/// The floats of all sums: of the filters, then of the bias.
static inline int64_t apus_block_weight_gradient_sums(const ApusBlockWeightGradient *c)
{
    int64_t outputs = apus_block_weight_gradient_pairs(c) * APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS * c->block;
    return outputs * (c->inputBlocks * c->block * c->tapRows * c->tapColumns + 1);
}

/// The rows of the input that `rows` rows of the result reach.
static inline int64_t apus_block_weight_gradient_reach(const ApusBlockWeightGradient *c, int64_t rows)
{
    int64_t reach = (rows - 1) * c->strideHeight + (c->kernelHeight - 1) * c->dilationHeight + 1;
    return reach < c->inputHeight ? reach : c->inputHeight;
}

/// The floats that a thread copies to: the input's rows, then the output gradient's.
static inline int64_t apus_block_weight_gradient_scratch(const ApusBlockWeightGradient *c)
{
    int64_t input = apus_block_weight_gradient_reach(c, c->rowsAtOnce) * c->inputWidth;
    int64_t output = c->imagesAtOnce > 1 ? c->rowsAtOnce * c->outputWidth : 0;
    int64_t blocks = APUS_BLOCK_WEIGHT_GRADIENT_INPUTS * input + APUS_BLOCK_WEIGHT_GRADIENT_OUTPUTS * output;
    return blocks * c->imagesAtOnce * c->block;
}

/// The sums over the images [beginImage, endImage) for the parts [beginPart, endPart) of the input channels and the pairs
/// [beginPair, endPair) of blocks of output channels; part 0 has those of the bias too.
///
/// - sums: those of all filters and of the bias, of which these are overwritten.
/// - scratch: the thread's working memory.
void apus_block_weight_gradient(
    const ApusBlockWeightGradient *c, const float *input, const float *outputGradient, float *sums, float *scratch,
    int64_t beginImage, int64_t endImage, int64_t beginPart, int64_t endPart, int64_t beginPair, int64_t endPair);

/// Adds the sums of several pieces of the images in order, and writes the gradient of the filters [O][C][KH][KW] and that of
/// the bias [O], for the tasks [begin, end) of pairs × chunks, of which chunks run fastest.
///
/// - sums: those of the pieces one after the other.
/// - streams: whether the gradient of the filters is written past the caches, which do not hold it.
/// - biasGradient: NULL where it is not asked for.
void apus_block_weight_gradient_finish(
    const ApusBlockWeightGradient *c, const float *sums, int64_t pieces, int streams, float *filterGradient,
    float *biasGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
