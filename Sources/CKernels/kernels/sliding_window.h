/// Windows that slide over planes, and the sum of a bias.
#ifndef APUS_SLIDING_WINDOW_KERNEL_H
#define APUS_SLIDING_WINDOW_KERNEL_H

#include "../include/sliding_window.h"
#include "vector.h"

/// The window positions [*begin, *end) for which the tap at `offset` from a window's start lies inside the input.
APUS_INLINE void sliding_positions(
    int64_t offset, int64_t stride, int64_t padding, int64_t size, int64_t positions, int64_t *begin, int64_t *end)
{
    int64_t reach = size - 1 + padding - offset;
    *begin = smaller(positions, larger(0, (padding - offset + stride - 1) / stride));
    *end = reach < 0 ? *begin : larger(*begin, smaller(positions, reach / stride + 1));
}

static void unfold_kernel(
    const ApusSlidingWindow *w, const float *planes, float *columns, int64_t begin, int64_t end)
{
    float *column = columns + begin * w->kernelHeight * w->kernelWidth * w->blockRows * w->blockColumns;
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = planes + plane * w->height * w->width;
        for (int64_t tapRow = 0; tapRow < w->kernelHeight; tapRow++) {
            for (int64_t tap = 0; tap < w->kernelWidth; tap++) {
                int64_t first, last, offset = tap * w->dilationWidth;
                sliding_positions(
                    offset, w->strideWidth, w->paddingWidth, w->width, w->blockColumns, &first, &last);
                for (int64_t row = 0; row < w->blockRows; row++, column += w->blockColumns) {
                    int64_t y = row * w->strideHeight - w->paddingHeight + tapRow * w->dilationHeight;
                    if (y < 0 || y >= w->height || first >= last) {
                        memset(column, 0, (size_t)w->blockColumns * sizeof(float));
                        continue;
                    }
                    const float *pixels = source + y * w->width - w->paddingWidth + offset;
                    for (int64_t x = 0; x < first; x++) column[x] = 0;
                    if (w->strideWidth == 1) {
                        memcpy(column + first, pixels + first, (size_t)(last - first) * sizeof(float));
                    } else {
                        for (int64_t x = first; x < last; x++) column[x] = pixels[x * w->strideWidth];
                    }
                    for (int64_t x = last; x < w->blockColumns; x++) column[x] = 0;
                }
            }
        }
    }
}

static void fold_kernel(
    const ApusSlidingWindow *w, const float *columns, float *planes, int64_t begin, int64_t end)
{
    const float *column = columns + begin * w->kernelHeight * w->kernelWidth * w->blockRows * w->blockColumns;
    for (int64_t plane = begin; plane < end; plane++) {
        float *target = planes + plane * w->height * w->width;
        memset(target, 0, (size_t)(w->height * w->width) * sizeof(float));
        for (int64_t tapRow = 0; tapRow < w->kernelHeight; tapRow++) {
            for (int64_t tap = 0; tap < w->kernelWidth; tap++) {
                int64_t first, last, offset = tap * w->dilationWidth;
                sliding_positions(
                    offset, w->strideWidth, w->paddingWidth, w->width, w->blockColumns, &first, &last);
                for (int64_t row = 0; row < w->blockRows; row++, column += w->blockColumns) {
                    int64_t y = row * w->strideHeight - w->paddingHeight + tapRow * w->dilationHeight;
                    if (y < 0 || y >= w->height) continue;
                    float *pixels = target + y * w->width - w->paddingWidth + offset;
                    if (w->strideWidth == 1) {
                        for (int64_t x = first; x < last; x++) pixels[x] += column[x];
                    } else {
                        for (int64_t x = first; x < last; x++) pixels[x * w->strideWidth] += column[x];
                    }
                }
            }
        }
    }
}

static void add_channel_bias_kernel(
    const float *bias, int64_t channels, int64_t block, int64_t inner, float *x, int64_t begin, int64_t end)
{
    int64_t blocks = (channels + block - 1) / block;
    for (int64_t plane = begin; plane < end; plane++) {
        float *values = x + plane * inner * block;
        const float *numbers = bias + plane % blocks * block;
        int64_t count = smaller(block, channels - plane % blocks * block);
        if (block == 1) {
            float number = *numbers;
            for (int64_t i = 0; i < inner; i++) values[i] += number;
        } else if (block == lanesWidth && count == lanesWidth) {
            float sums[lanesWidth];
            memcpy(sums, numbers, sizeof sums);
            for (int64_t i = 0; i < inner; i++) {
                for (int c = 0; c < lanesWidth; c++) values[i * lanesWidth + c] += sums[c];
            }
        } else {
            for (int64_t i = 0; i < inner; i++) {
                for (int64_t c = 0; c < count; c++) values[i * block + c] += numbers[c];
            }
        }
    }
}

#endif
