/// Filters in blocks of channels: squares of input × output channels of one tap.
#ifndef APUS_BLOCK_FILTERS_KERNEL_H
#define APUS_BLOCK_FILTERS_KERNEL_H

#include "../include/block_filters.h"
#include "lanes_layout.h"

static void block_filters_kernel(
    const ApusBlockFilters *f, const float *filters, float *blocks, int64_t begin, int64_t end)
{
    const int64_t taps = f->kernelHeight * f->kernelWidth, line = f->inputBlocks * vectorWidth * taps;
    const int64_t square = vectorWidth * vectorWidth, size = f->rows * f->columns * square;
    // A kilobyte, which is three to four blocks' taps of 3×3, comes from memory in the time that those take.
    const int64_t ahead = 256;
    for (int64_t task = begin; task < end; task++) {
        const int64_t output = task / f->inputBlocks, input = task % f->inputBlocks;
        const float *source = filters + output * vectorWidth * line + input * vectorWidth * taps;
        float *target = blocks + task * size;
        // The taps of a block's input channels are a row, whose squares of output channels × taps are turned.
        int64_t channel = 0, row = -f->firstRow, column = -f->firstColumn;
        for (int64_t first = 0; first < vectorWidth * taps; first += vectorWidth) {
            vfloat turned[vectorWidth];
            APUS_UNROLL
            for (int i = 0; i < vectorWidth; i++) {
                turned[i] = load(source + i * line + first);
                // Eight rows at once are too many for the processor to see them coming.
                __builtin_prefetch(source + i * line + first + ahead);
            }
            transpose_square(turned);
            APUS_UNROLL
            for (int i = 0; i < vectorWidth; i++) {
                if (row >= 0 && row < f->rows && column >= 0 && column < f->columns) {
                    store(target + (row * f->columns + column) * square + channel * vectorWidth, turned[i]);
                }
                if (++column < f->kernelWidth - f->firstColumn) continue;
                column = -f->firstColumn;
                if (++row < f->kernelHeight - f->firstRow) continue;
                row = -f->firstRow;
                channel++;
            }
        }
    }
}

static void block_filters_turned_kernel(
    const ApusBlockFilters *f, const float *blocks, float *turned, int64_t begin, int64_t end)
{
    const int64_t square = vectorWidth * vectorWidth, size = f->rows * f->columns * square;
    float *target = turned + begin * f->outputBlocks * size;
    for (int64_t input = begin; input < end; input++) {
        for (int64_t output = 0; output < f->outputBlocks; output++) {
            const float *source = blocks + (output * f->inputBlocks + input) * size;
            for (int64_t place = 0; place < size; place += square, target += square) {
                vfloat rows[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) rows[i] = load(source + place + i * vectorWidth);
                transpose_square(rows);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(target + i * vectorWidth, rows[i]);
            }
        }
    }
}

#endif
