/// 3×3 convolutions of stride 1 by Winograd's minimal filtering F(4×4, 3×3), for many channels (Lavin and Gray 2015,
/// arXiv:1509.09308).
///
/// The output is cut into tiles of 4×4. A tile's 6×6 inputs d and the filter g become 36 numbers each, Bᵀ d B and G g Gᵀ;
/// over all channels these are 36 independent matrix products, and Aᵀ m A of a product's 36 numbers is the tile: 36
/// multiplications instead of 144. The gradient of the input is such a convolution of the output's gradient with the
/// filters turned by 180°; that of the filters is Gᵀ [(Bᵀ d B) ⊙ (A dy Aᵀ)] G, summed over the tiles.
///
/// The points of the interpolation are 0, ±5/8, ±3/2 and ∞. With those of the paper, 0, ±1, ±2 and ∞, the error is
/// three times as large; Barabasz et al. 2018 (arXiv:1803.10986) explain the search for good ones.
///
/// A tensor's channels lie in blocks, [N][C / block][H][W][block] (oneDNN's nChw16c and nChw8c; channels-last is one
/// block), and both channel counts are multiples of the block, which is a multiple of the vector's width. Transformed
/// tensors are 36 matrices of `rows` rows, one a tile, as `apus_winograd_matrix` tells.
#ifndef APUS_WINOGRAD_H
#define APUS_WINOGRAD_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The matrices of a transformed tensor.
#define APUS_WINOGRAD_MATRICES 36
/// One more for the sums of the tiles, in the transformed gradient of the output: the gradient of the bias.
#define APUS_WINOGRAD_GRADIENT_MATRICES 37

/// The sizes of a convolution, or of a part of its output channels; padding below and to the right follows from those of
/// the output.
typedef struct ApusWinograd {
    int64_t images, inputChannels, outputChannels;
    /// All output channels of the tensor and the filters, and the first one that is computed; a multiple of the block.
    int64_t allOutputs, firstOutput;
    int64_t inputHeight, inputWidth, outputHeight, outputWidth;
    int64_t paddingTop, paddingLeft;
    /// Channels side by side, of input and output alike.
    int64_t channelBlock;
} ApusWinograd;

/// The matrices of a transformed tensor that are made: all, or a half of them, three rows of six; then the first of these
/// stands for matrix 0. The last half of a gradient's has the sums of the tiles behind it.
typedef enum ApusWinogradHalf {
    ApusWinogradBothHalves,
    ApusWinogradFirstHalf,
    ApusWinogradLastHalf,
} ApusWinogradHalf;

/// Floats from one row of a transformed tensor to the next: rows a power of two apart would share lines of the cache,
/// unless there are as few channels as in a panel of filters.
static inline int64_t apus_winograd_row(int64_t channels) { return channels <= 32 ? channels : channels + 16; }

/// Floats from one matrix of a transformed tensor to the next; its 36 numbers of a tile lie in different lines.
static inline int64_t apus_winograd_matrix(int64_t rows, int64_t channels)
{
    return rows * apus_winograd_row(channels) + 16;
}

/// Floats from one matrix of transformed filters, or of their gradients, to the next.
static inline int64_t apus_winograd_filter_matrix(const ApusWinograd *w)
{
    return w->inputChannels * w->outputChannels + 16;
}

/// The tiles of all images: row by row, image after image.
static inline int64_t apus_winograd_tiles(const ApusWinograd *w)
{
    return w->images * ((w->outputHeight + 3) / 4) * ((w->outputWidth + 3) / 4);
}

/// G g Gᵀ of filters [all O, I, 3, 3], for the output channels [begin, end) behind the first: 36 matrices, in the order in
/// which `apus_winograd_multiply` reads them. `begin` and `end` are multiples of 32, or the end of the channels.
///
/// - turned: not 0 where `w` describes the gradient of the input, whose filters are [I, all O, 3, 3] in its own terms, and
///   turned by 180°.
void apus_winograd_filters(
    const ApusWinograd *w, const float *filters, int turned, float *transformed, int64_t begin, int64_t end);

/// Bᵀ d B of the tiles [begin, end): the rows 0 ..< end - begin of 36 matrices of `rows` rows, or of half of them.
void apus_winograd_input(
    const ApusWinograd *w, ApusWinogradHalf half, const float *input, float *transformed, int64_t rows, int64_t begin,
    int64_t end);

/// The products of all matrices: `count` rows of inputs, with the filters, into those of the outputs.
void apus_winograd_multiply(
    const ApusWinograd *w, const float *inputs, const float *filters, float *outputs, int64_t rows, int64_t count);

/// The floats of working memory of `apus_winograd_multiply_filters`: 36 matrices of some input channels' filters for at most
/// two vectors of 16 output channels.
static inline int64_t apus_winograd_working(int64_t channelsAtOnce)
{
    return APUS_WINOGRAD_MATRICES * (channelsAtOnce * 32 + 16);
}

/// The same products with filters that are not transformed yet: those of `channelsAtOnce` input channels at a time are, and
/// used for all rows while they are in a near cache. The sums are the same whatever their number is.
///
/// - filters, turned: as of `apus_winograd_filters`.
/// - working: `apus_winograd_working` floats.
void apus_winograd_multiply_filters(
    const ApusWinograd *w, const float *inputs, const float *filters, int turned, float *working, float *outputs,
    int64_t rows, int64_t count, int64_t channelsAtOnce);

/// activation((Aᵀ m A + b) + z) of the tiles [begin, end), from the rows 0 ..< end - begin.
///
/// - bias: of all output channels, or NULL for none.
/// - addend: z, of the output's sizes and layout, or NULL for none; it may be the output itself.
void apus_winograd_output(
    const ApusWinograd *w, const float *products, const float *bias, const float *addend, ApusActivation activation,
    float *output, int64_t rows, int64_t begin, int64_t end);

/// A dy Aᵀ of the tiles [begin, end), and their sums: the rows 0 ..< end - begin of 37 matrices of `rows` rows,
/// or of half of them.
void apus_winograd_output_gradient(
    const ApusWinograd *w, ApusWinogradHalf half, const float *gradient, float *transformed, int64_t rows,
    int64_t begin, int64_t end);

/// Adds, for the matrices [begin, end), the products of `count` transformed inputs and gradients to their sums: 36
/// matrices [I][O] a filter matrix apart, and, as number 36, [O] behind them. The first call of all overwrites them.
///
/// - half: the matrices that `inputs` and `gradients` have; `begin`, `end` and the sums count from the first of all.
void apus_winograd_accumulate(
    const ApusWinograd *w, ApusWinogradHalf half, const float *inputs, const float *gradients, int64_t rows,
    int64_t count, int isFirst, float *sums, int64_t begin, int64_t end);

/// Gᵀ s G of the sums, for the input channels [begin, end), multiples of the channels' block: the gradient of filters
/// [all O, I, 3, 3], of which those of `w` are overwritten.
void apus_winograd_filter_gradient(
    const ApusWinograd *w, const float *sums, float *filterGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
