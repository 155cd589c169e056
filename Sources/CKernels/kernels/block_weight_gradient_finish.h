/// From the sums of the pieces of a batch to the gradient of a convolution's filters, [O, I, …].
#ifndef APUS_BLOCK_WEIGHT_GRADIENT_FINISH_H
#define APUS_BLOCK_WEIGHT_GRADIENT_FINISH_H

#include "block_weight_gradient.h"

enum {
    /// Input channels that are written at a time.
    filterChunk = APUS_BLOCK_WEIGHT_GRADIENT_CHUNK,
    /// The most taps of which those are written by way of a copy: 16 KB for eight output channels.
    filterCopyTaps = 32,
};

/// The sum of the pieces' sums at a place, in order.
APUS_INLINE vfloat filter_pieces(const float *sums, int64_t pieces, int64_t pieceSize)
{
    vfloat total = load(sums);
    for (int64_t piece = 1; piece < pieces; piece++) total += load(sums + piece * pieceSize);
    return total;
}

/// Writes the gradients of some input channels for a vector of output channels, whose rows are `step` apart; taps that
/// only meet padding are left as they are.
static void filter_gradient_write(
    const ApusBlockWeightGradient *c, const float *sums, int64_t pieces, int64_t channels, float *target, int64_t step)
{
    const int64_t taps = c->kernelHeight * c->kernelWidth, used = c->tapRows * c->tapColumns;
    const int64_t pieceSize = apus_block_weight_gradient_sums(c);
    for (int64_t channel = 0; channel < channels; channel++, target += taps) {
        int64_t tap = 0;
        for (; used == taps && tap + vectorWidth <= taps; tap += vectorWidth, sums += vectorWidth * filterSumWidth) {
            vfloat square[vectorWidth];
            APUS_UNROLL
            for (int i = 0; i < vectorWidth; i++) {
                square[i] = filter_pieces(sums + i * filterSumWidth, pieces, pieceSize);
            }
            transpose_square(square);
            APUS_UNROLL
            for (int i = 0; i < vectorWidth; i++) store(target + i * step + tap, square[i]);
        }
        for (; tap < used; tap++, sums += filterSumWidth) {
            const int64_t row = c->firstTapRow + tap / c->tapColumns, column = c->firstTapColumn + tap % c->tapColumns;
            float *place = target + row * c->kernelWidth + column, lanes[vectorWidth];
            store(lanes, filter_pieces(sums, pieces, pieceSize));
            APUS_UNROLL
            for (int i = 0; i < vectorWidth; i++) place[i * step] = lanes[i];
        }
    }
}

static void block_weight_gradient_finish_kernel(
    const ApusBlockWeightGradient *c, const float *sums, int64_t pieces, int streams, float *filterGradient,
    float *biasGradient, int64_t begin, int64_t end)
{
    _Alignas(64) float copy[vectorWidth * filterChunk * filterCopyTaps];
    const int64_t taps = c->kernelHeight * c->kernelWidth, used = c->tapRows * c->tapColumns;
    const int64_t inputs = c->inputBlocks * vectorWidth, chunks = apus_block_weight_gradient_chunks(c);
    const int64_t line = inputs * taps, pieceSize = apus_block_weight_gradient_sums(c);
    // Rows that are not written from their first to their last element at once are put together in a copy.
    const int copies = taps <= filterCopyTaps && (streams || used < taps);
    if (copies) memset(copy, 0, (size_t)(vectorWidth * filterChunk * taps) * sizeof(float));
    for (int64_t task = begin; task < end; task++) {
        const int64_t pair = task / chunks, first = task % chunks * filterChunk;
        const int64_t channels = smaller(filterChunk, inputs - first), count = channels * taps;
        const int64_t block = pair * filterSumVectors, vectors = smaller(filterSumVectors, c->outputBlocks - block);
        for (int64_t v = 0; v < vectors; v++) {
            const float *own = sums + (pair * inputs + first) * used * filterSumWidth + v * vectorWidth;
            float *target = filterGradient + (block + v) * vectorWidth * line + first * taps;
            if (!copies) {
                for (int64_t i = 0; used < taps && i < vectorWidth; i++) {
                    memset(target + i * line, 0, (size_t)count * sizeof(float));
                }
                filter_gradient_write(c, own, pieces, channels, target, line);
                continue;
            }
            filter_gradient_write(c, own, pieces, channels, copy, filterChunk * taps);
            for (int64_t i = 0; i < vectorWidth; i++) {
                const float *row = copy + i * filterChunk * taps;
                if (streams) {
                    stream_floats(target + i * line, row, count);
                } else {
                    copy_bytes(target + i * line, row, (size_t)count * sizeof(float));
                }
            }
        }
        if (!biasGradient || first > 0) continue;
        const float *bias = sums + apus_block_weight_gradient_pairs(c) * inputs * used * filterSumWidth;
        for (int64_t v = 0; v < vectors; v++) {
            const float *own = bias + (pair * filterSumVectors + v) * vectorWidth;
            store(biasGradient + (block + v) * vectorWidth, filter_pieces(own, pieces, pieceSize));
        }
    }
}

#endif
