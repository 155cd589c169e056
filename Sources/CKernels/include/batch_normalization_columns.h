/// Batch normalisation where channels lie side by side: [N, C] row-major, and oneDNN's nChw16c and nChw8c.
///
/// The work is cut into tiles of sixteen or eight channels of one image, of several images with small planes, or of some
/// rows of [N, C]; tile t is block t mod blocks of the (t / blocks)-th of those. Sums of tiles are joined in that order, so
/// that results do not depend on the threads.
#ifndef APUS_BATCH_NORMALIZATION_COLUMNS_H
#define APUS_BATCH_NORMALIZATION_COLUMNS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Element (tile, run, row, block, lane) lies at
/// tile · tileStride + run · runStride + row · rowStride + block · blockStride + lane.
typedef struct ApusChannelColumns {
    /// Tiles of a block of channels.
    int64_t tiles, channels;
    /// Runs of rows of each tile, the images, and of the last one, which may have fewer. Where there are several, their rows
    /// are at most 64 together.
    int64_t runs, lastRuns;
    /// Rows of each run, and of those of the last tile.
    int64_t rows, lastRows;
    int64_t tileStride, runStride, rowStride, blockStride;
    /// Channels of a block: 16 or 8.
    int64_t lanes;
} ApusChannelColumns;

/// Mean and Σ (x - mean)² of each channel of the tiles [begin, end): moments is [tiles][2][channels].
void apus_column_moments(
    const ApusChannelColumns *columns, const float *x, double *moments, int64_t begin, int64_t end);

/// Mean and biased variance of each of the channels [begin, end), of the moments of all tiles.
void apus_column_statistics(
    const ApusChannelColumns *columns, const double *moments, float *mean, float *variance, int64_t begin, int64_t end);

/// y = (x - mean) · scale + shift of the tiles [begin, end); scale and shift are [C]. y may be x.
void apus_column_normalize(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    float *y, int64_t begin, int64_t end);

/// The same with max(…, 0) behind it and, unless `addend` is NULL, an addend like x in front of that.
void apus_column_normalize_relu(
    const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,
    const float *addend, float *y, int64_t begin, int64_t end);

/// Σ dy and Σ dy · (x - mean) of each channel of the tiles [begin, end): sums is [tiles][2][channels].
///
/// - reluResult: the result of the forward pass if that applied relu (dy then counts only where it is positive), else
///   NULL.
void apus_column_gradient_sums(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, double *sums, int64_t begin, int64_t end);

/// dx = (dy - offset - (x - mean) · slope) · scale of the tiles [begin, end); offset, slope and scale are [C].
void apus_column_gradient(
    const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,
    const float *mean, const float *scale, const float *slope, const float *offset, float *inputGradient,
    int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
