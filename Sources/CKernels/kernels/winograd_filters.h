/// Winograd's transforms of filters and of their gradients.
#ifndef APUS_WINOGRAD_FILTERS_H
#define APUS_WINOGRAD_FILTERS_H

#include "../include/winograd.h"
#include "lanes_layout.h"
#include "winograd_products.h"
#include "winograd_transforms.h"

enum {
    /// The taps of as many input channels as a vector has lanes: filter after filter, nine squares of vectors.
    winogradSquareTaps = 9 * vectorWidth,
    /// How far ahead of their use filters are asked for, in floats of a filter's row: what four such squares read takes
    /// the processor about as long as memory takes to answer.
    winogradAhead = 4 * winogradSquareTaps,
};

/// Where a filter begins: [O, I, 3, 3], or [I, O, 3, 3] in the terms of the gradient of the input.
APUS_INLINE int64_t winograd_filter_offset(const ApusWinograd *w, int turned, int64_t output, int64_t input)
{
    output += w->firstOutput;
    return 9 * (turned ? input * w->allOutputs + output : output * w->inputChannels + input);
}

/// The filters of a vector of output channels and as many input channels, of which each has 9 vectors of taps.
///
/// The taps of one output channel's filters lie in a row: nine squares, transposed.
APUS_INLINE void winograd_gather_square(
    const ApusWinograd *w, const float *filters, int64_t output, int64_t input, float *taps)
{
    const float *source = filters + winograd_filter_offset(w, 0, output, input);
    int64_t row = 9 * w->inputChannels;
    for (int first = 0; first < winogradSquareTaps; first += vectorWidth) {
        vfloat square[vectorWidth];
        APUS_UNROLL
        for (int i = 0; i < vectorWidth; i++) {
            square[i] = load(source + i * row + first);
            __builtin_prefetch(source + i * row + first + winogradAhead);
        }
        transpose_square(square);
        APUS_UNROLL
        for (int i = 0; i < vectorWidth; i++) store(taps + (first + i) * vectorWidth, square[i]);
    }
}

/// The turned filters of one input channel and a vector of output channels: they lie in a row, each with its taps. As many
/// of a filter's taps as fill vectors are transposed as squares.
APUS_INLINE void winograd_gather_turned(
    const ApusWinograd *w, const float *filters, int64_t output, int64_t input, vfloat g[9])
{
    const float *source = filters + winograd_filter_offset(w, 1, output, input);
    // Those of a later input channel, which lie in other pages of memory.
    const float *later = source + 4 * 9 * w->allOutputs;
    for (int i = 0; i < winogradSquareTaps; i += 16) __builtin_prefetch(later + i);
    enum { inSquares = 9 / vectorWidth * vectorWidth };
    APUS_UNROLL
    for (int first = 0; first < inSquares; first += vectorWidth) {
        vfloat square[vectorWidth];
        APUS_UNROLL
        for (int i = 0; i < vectorWidth; i++) square[i] = load(source + 9 * i + first);
        transpose_square(square);
        APUS_UNROLL
        for (int i = 0; i < vectorWidth; i++) g[8 - first - i] = square[i];
    }
    // Lane by lane in registers: a vector loaded from stores of single floats would wait for them.
    for (int tap = inSquares; tap < 9; tap++) {
        APUS_UNROLL
        for (int lane = 0; lane < vectorWidth; lane++) g[8 - tap][lane] = source[9 * lane + tap];
    }
}

APUS_INLINE void winograd_filter_tile(const vfloat g[9], float *target, const int64_t step)
{
    vfloat columns[18];
    APUS_UNROLL
    for (int j = 0; j < 3; j++) {
        vfloat line[3] = {g[j], g[3 + j], g[6 + j]}, t[6];
        winograd_filter_transform(line, t);
        APUS_UNROLL
        for (int i = 0; i < 6; i++) columns[i * 3 + j] = t[i];
    }
    APUS_UNROLL
    for (int i = 0; i < 6; i++) {
        vfloat t[6];
        winograd_filter_transform(columns + i * 3, t);
        APUS_UNROLL
        for (int j = 0; j < 6; j++) store(target + j * step, t[j]);
        target += 6 * step;
        APUS_WINOGRAD_ADDRESS(target);
    }
}

/// The filters of the input channels [begin, end), a multiple of the vector's width, and of some vectors of output channels
/// from `output` on, into 36 matrices `step` floats apart whose rows are the input channels.
APUS_INLINE void winograd_transform_filters(
    const ApusWinograd *w, const float *filters, int turned, int64_t output, int64_t begin, int64_t end,
    float *target, const int64_t step, const int vectors)
{
    const int64_t row = vectors * vectorWidth;
    for (int64_t input = begin; input < end; input += vectorWidth) {
        for (int v = 0; v < vectors; v++) {
            float *tile = target + (input - begin) * row + v * vectorWidth;
            _Alignas(64) float taps[winogradSquareTaps * vectorWidth];
            if (!turned) winograd_gather_square(w, filters, output + v * vectorWidth, input, taps);
            for (int i = 0; i < vectorWidth; i++, tile += row) {
                vfloat g[9];
                if (turned) {
                    winograd_gather_turned(w, filters, output + v * vectorWidth, input + i, g);
                } else {
                    APUS_UNROLL
                    for (int tap = 0; tap < 9; tap++) g[tap] = load(taps + (i * 9 + tap) * vectorWidth);
                }
                winograd_filter_tile(g, tile, step);
            }
        }
    }
}

static void winograd_filters_kernel(
    const ApusWinograd *w, const float *filters, int turned, float *transformed, int64_t begin, int64_t end)
{
    int64_t step = apus_winograd_filter_matrix(w);
    for (int64_t first = begin; first < end; first += winogradPanel) {
        float *panel = transformed + first * w->inputChannels;
        if (w->outputChannels - first >= winogradPanel) {
            winograd_transform_filters(
                w, filters, turned, first, 0, w->inputChannels, panel, step, winogradVectors);
        } else {
            winograd_transform_filters(w, filters, turned, first, 0, w->inputChannels, panel, step, 1);
        }
    }
}

/// One panel of some input channels' filters, transformed and multiplied with all rows.
APUS_INLINE void winograd_multiply_chunk(
    const ApusWinograd *w, const float *inputs, const float *filters, int turned, float *working, float *outputs,
    int64_t rows, int64_t count, int64_t output, int64_t begin, int64_t end, const int vectors)
{
    // Matrices begin in different lines of the caches.
    int64_t chunkMatrix = (end - begin) * winogradPanel + 16;
    winograd_transform_filters(w, filters, turned, output, begin, end, working, chunkMatrix, vectors);
    int64_t inputRow = apus_winograd_row(w->inputChannels), outputRow = apus_winograd_row(w->outputChannels);
    for (int64_t matrix = 0; matrix < APUS_WINOGRAD_MATRICES; matrix++) {
        winograd_panel(
            inputs + matrix * apus_winograd_matrix(rows, w->inputChannels) + begin, inputRow,
            working + matrix * chunkMatrix, end - begin,
            outputs + matrix * apus_winograd_matrix(rows, w->outputChannels) + output, outputRow, count, begin == 0,
            vectors);
    }
}

static void winograd_multiply_filters_kernel(
    const ApusWinograd *w, const float *inputs, const float *filters, int turned, float *working, float *outputs,
    int64_t rows, int64_t count, int64_t channelsAtOnce)
{
    for (int64_t output = 0; output < w->outputChannels; output += winogradPanel) {
        for (int64_t begin = 0; begin < w->inputChannels; begin += channelsAtOnce) {
            int64_t end = smaller(w->inputChannels, begin + channelsAtOnce);
            if (w->outputChannels - output >= winogradPanel) {
                winograd_multiply_chunk(
                    w, inputs, filters, turned, working, outputs, rows, count, output, begin, end, winogradVectors);
            } else {
                winograd_multiply_chunk(
                    w, inputs, filters, turned, working, outputs, rows, count, output, begin, end, 1);
            }
        }
    }
}

/// Gᵀ s G of a vector of output channels, tap by tap.
APUS_INLINE void winograd_filter_gradient_tile(const float *sums, int64_t step, vfloat g[9])
{
    vfloat columns[18];
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        vfloat s[6], t[3];
        APUS_UNROLL
        for (int i = 0; i < 6; i++) s[i] = load(sums + i * 6 * step);
        winograd_filter_gradient_transform(s, t);
        APUS_UNROLL
        for (int i = 0; i < 3; i++) columns[i * 6 + j] = t[i];
        sums += step;
        APUS_WINOGRAD_ADDRESS(sums);
    }
    APUS_UNROLL
    for (int i = 0; i < 3; i++) winograd_filter_gradient_transform(columns + i * 6, g + i * 3);
}

static void winograd_filter_gradient_kernel(
    const ApusWinograd *w, const float *sums, float *filterGradient, int64_t begin, int64_t end)
{
    int64_t step = apus_winograd_filter_matrix(w), row = 9 * w->inputChannels;
    for (int64_t input = begin; input < end; input += vectorWidth) {
        for (int64_t output = 0; output < w->outputChannels; output += vectorWidth) {
            _Alignas(64) float taps[winogradSquareTaps * vectorWidth];
            for (int i = 0; i < vectorWidth; i++) {
                vfloat g[9];
                winograd_filter_gradient_tile(sums + (input + i) * w->outputChannels + output, step, g);
                APUS_UNROLL
                for (int tap = 0; tap < 9; tap++) store(taps + (i * 9 + tap) * vectorWidth, g[tap]);
            }
            float *target = filterGradient + winograd_filter_offset(w, 0, output, input);
            for (int first = 0; first < winogradSquareTaps; first += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(taps + (first + i) * vectorWidth);
                transpose_square(square);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(target + i * row + first, square[i]);
            }
        }
    }
}

#endif
