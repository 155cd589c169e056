/// The matrix products between Winograd's transforms.
///
/// Blocks of sums stay in registers: rows × 2 vectors, with two registers for the filters and one for an input.
#ifndef APUS_WINOGRAD_PRODUCTS_H
#define APUS_WINOGRAD_PRODUCTS_H

#include "../include/winograd.h"
#include "vector.h"

enum {
    winogradVectors = 2,
    /// Output channels of a panel: the filters of a panel lie together, input channel after input channel.
    winogradPanel = winogradVectors * vectorWidth,
    winogradRows = APUS_VECTOR_REGISTERS >= 32 ? 12 : 6,
    /// Rows of input channels in the sums over tiles: these are loaded and stored besides.
    winogradSumRows = APUS_VECTOR_REGISTERS >= 32 ? 8 : 6,
};

/// `rowCount` rows of one panel: the sum over some input channels, added to what is there unless these are the first.
APUS_INLINE void winograd_block(
    const float *inputs, int64_t inputRow, const float *panel, int64_t channels, float *outputs, int64_t outputRow,
    int isFirst, const int rowCount, const int vectors)
{
    vfloat sums[winogradRows][winogradVectors];
    APUS_UNROLL
    for (int r = 0; r < rowCount; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = isFirst ? splat(0.0f) : load(outputs + r * outputRow + v * vectorWidth);
        }
    }
    for (int64_t c = 0; c < channels; c++) {
        vfloat filters[winogradVectors];
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) filters[v] = load(panel + (c * vectors + v) * vectorWidth);
        APUS_UNROLL
        for (int r = 0; r < rowCount; r++) {
            vfloat x = splat(inputs[r * inputRow + c]);
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) sums[r][v] = multiply_add(x, filters[v], sums[r][v]);
        }
    }
    APUS_UNROLL
    for (int r = 0; r < rowCount; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) store(outputs + r * outputRow + v * vectorWidth, sums[r][v]);
    }
}

/// All rows of one panel, in blocks of nearly equal size: of six rows, four keep the processor as busy, and one does not.
APUS_INLINE void winograd_panel(
    const float *inputs, int64_t inputRow, const float *panel, int64_t channels, float *outputs, int64_t outputRow,
    int64_t rows, int isFirst, const int vectors)
{
    int64_t blocks = (rows + winogradRows - 1) / winogradRows;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t row = rows * block / blocks;
#define APUS_WINOGRAD_BLOCK(count)                                                                                     \
    case count:                                                                                                        \
        winograd_block(                                                                                                \
            inputs + row * inputRow, inputRow, panel, channels, outputs + row * outputRow, outputRow, isFirst, count,  \
            vectors);                                                                                                  \
        break;
        switch (rows * (block + 1) / blocks - row) {
            APUS_WINOGRAD_BLOCK(1)
            APUS_WINOGRAD_BLOCK(2)
            APUS_WINOGRAD_BLOCK(3)
            APUS_WINOGRAD_BLOCK(4)
            APUS_WINOGRAD_BLOCK(5)
            APUS_WINOGRAD_BLOCK(6)
#if APUS_VECTOR_REGISTERS >= 32
            APUS_WINOGRAD_BLOCK(7)
            APUS_WINOGRAD_BLOCK(8)
            APUS_WINOGRAD_BLOCK(9)
            APUS_WINOGRAD_BLOCK(10)
            APUS_WINOGRAD_BLOCK(11)
            APUS_WINOGRAD_BLOCK(12)
#endif
        }
#undef APUS_WINOGRAD_BLOCK
    }
}

static void winograd_multiply_kernel(
    const ApusWinograd *w, const float *inputs, const float *filters, float *outputs, int64_t rows, int64_t count)
{
    int64_t inputRow = apus_winograd_row(w->inputChannels), outputRow = apus_winograd_row(w->outputChannels);
    for (int64_t matrix = 0; matrix < APUS_WINOGRAD_MATRICES; matrix++) {
        const float *x = inputs + matrix * apus_winograd_matrix(rows, w->inputChannels);
        float *y = outputs + matrix * apus_winograd_matrix(rows, w->outputChannels);
        const float *panel = filters + matrix * apus_winograd_filter_matrix(w);
        for (int64_t first = 0; first < w->outputChannels; first += winogradPanel) {
            const float *own = panel + first * w->inputChannels;
            if (w->outputChannels - first >= winogradPanel) {
                winograd_panel(x, inputRow, own, w->inputChannels, y + first, outputRow, count, 1, winogradVectors);
            } else {
                winograd_panel(x, inputRow, own, w->inputChannels, y + first, outputRow, count, 1, 1);
            }
        }
    }
}

/// Some input channels of one panel: the sum over tiles, added to what is there unless this is the first.
APUS_INLINE void winograd_sum_block(
    const float *inputs, int64_t inputRow, const float *gradients, int64_t gradientRow, int64_t count, int isFirst,
    float *sums, int64_t sumRow, const int rowCount, const int vectors)
{
    vfloat own[winogradSumRows][winogradVectors];
    APUS_UNROLL
    for (int r = 0; r < rowCount; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) {
            own[r][v] = isFirst ? splat(0.0f) : load(sums + r * sumRow + v * vectorWidth);
        }
    }
    for (int64_t tile = 0; tile < count; tile++) {
        vfloat dy[winogradVectors];
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) dy[v] = load(gradients + tile * gradientRow + v * vectorWidth);
        APUS_UNROLL
        for (int r = 0; r < rowCount; r++) {
            vfloat x = splat(inputs[tile * inputRow + r]);
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) own[r][v] = multiply_add(x, dy[v], own[r][v]);
        }
    }
    APUS_UNROLL
    for (int r = 0; r < rowCount; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) store(sums + r * sumRow + v * vectorWidth, own[r][v]);
    }
}

/// All input channels of one panel; their number is a multiple of two.
APUS_INLINE void winograd_sum_panel(
    const float *inputs, int64_t inputRow, const float *gradients, int64_t gradientRow, int64_t count, int isFirst,
    float *sums, int64_t sumRow, int64_t channels, const int vectors)
{
    int64_t c = 0;
    for (; channels - c >= winogradSumRows; c += winogradSumRows) {
        winograd_sum_block(
            inputs + c, inputRow, gradients, gradientRow, count, isFirst, sums + c * sumRow, sumRow, winogradSumRows,
            vectors);
    }
    if (channels - c >= 4) {
        winograd_sum_block(
            inputs + c, inputRow, gradients, gradientRow, count, isFirst, sums + c * sumRow, sumRow, 4, vectors);
        c += 4;
    }
    if (channels - c >= 2) {
        winograd_sum_block(
            inputs + c, inputRow, gradients, gradientRow, count, isFirst, sums + c * sumRow, sumRow, 2, vectors);
    }
}

static void winograd_accumulate_kernel(
    const ApusWinograd *w, ApusWinogradHalf half, const float *inputs, const float *gradients, int64_t rows,
    int64_t count, int isFirst, float *sums, int64_t begin, int64_t end)
{
    int64_t firstMatrix = half == ApusWinogradLastHalf ? APUS_WINOGRAD_MATRICES / 2 : 0;
    int64_t inputRow = apus_winograd_row(w->inputChannels), gradientRow = apus_winograd_row(w->outputChannels);
    for (int64_t matrix = begin; matrix < smaller(end, APUS_WINOGRAD_MATRICES); matrix++) {
        const float *x = inputs + (matrix - firstMatrix) * apus_winograd_matrix(rows, w->inputChannels);
        const float *dy = gradients + (matrix - firstMatrix) * apus_winograd_matrix(rows, w->outputChannels);
        float *own = sums + matrix * apus_winograd_filter_matrix(w);
        for (int64_t first = 0; first < w->outputChannels; first += winogradPanel) {
            if (w->outputChannels - first >= winogradPanel) {
                winograd_sum_panel(
                    x, inputRow, dy + first, gradientRow, count, isFirst, own + first, w->outputChannels,
                    w->inputChannels, winogradVectors);
            } else {
                winograd_sum_panel(
                    x, inputRow, dy + first, gradientRow, count, isFirst, own + first, w->outputChannels,
                    w->inputChannels, 1);
            }
        }
    }
    if (end <= APUS_WINOGRAD_MATRICES) return;
    const float *dy = gradients + (APUS_WINOGRAD_MATRICES - firstMatrix) * apus_winograd_matrix(rows, w->outputChannels);
    float *own = sums + APUS_WINOGRAD_MATRICES * apus_winograd_filter_matrix(w);
    for (int64_t c = 0; c < w->outputChannels; c += vectorWidth) {
        vfloat sum = isFirst ? splat(0.0f) : load(own + c);
        for (int64_t tile = 0; tile < count; tile++) sum += load(dy + tile * gradientRow + c);
        store(own + c, sum);
    }
}

#endif
