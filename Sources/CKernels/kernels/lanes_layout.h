/// Transposes between rows and the lanes layout.
#ifndef APUS_LANES_LAYOUT_KERNEL_H
#define APUS_LANES_LAYOUT_KERNEL_H

#include "../include/lanes_layout.h"
#include "vector.h"

#if APUS_VECTOR_WIDTH == 16
#define APUS_LOW_PAIRS 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define APUS_HIGH_PAIRS 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif APUS_VECTOR_WIDTH == 8
#define APUS_LOW_PAIRS 0, 8, 1, 9, 2, 10, 3, 11
#define APUS_HIGH_PAIRS 4, 12, 5, 13, 6, 14, 7, 15
#else
#define APUS_LOW_PAIRS 0, 4, 1, 5
#define APUS_HIGH_PAIRS 2, 6, 3, 7
#endif

/// Transposes a square of vectors: each round interleaves row i with row i + half (a perfect shuffle), and after
/// log₂(width) rounds element (i, j) stands at (j, i).
APUS_INLINE void transpose_square(vfloat rows[vectorWidth])
{
    APUS_UNROLL
    for (int round = 1; round < vectorWidth; round *= 2) {
        vfloat next[vectorWidth];
        APUS_UNROLL
        for (int i = 0; i < vectorWidth / 2; i++) {
            next[2 * i] = __builtin_shufflevector(rows[i], rows[i + vectorWidth / 2], APUS_LOW_PAIRS);
            next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + vectorWidth / 2], APUS_HIGH_PAIRS);
        }
        APUS_UNROLL
        for (int i = 0; i < vectorWidth; i++) rows[i] = next[i];
    }
}

/// Images of a group: sixteen, or those that are left.
APUS_INLINE int64_t lanes_images(int64_t images, int64_t group)
{
    return smaller(lanesWidth, images - group * lanesWidth);
}

static void lanes_from_rows_kernel(
    const float *rows, int64_t rowStride, int64_t features, int64_t images, float *lanes, int64_t beginGroup,
    int64_t endGroup)
{
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const int64_t last = lanes_images(images, g) - 1;
        const float *source[lanesWidth];
        for (int i = 0; i < lanesWidth; i++) source[i] = rows + (g * lanesWidth + smaller(i, last)) * rowStride;
        float *destination = lanes + g * lanesWidth * features;
        int64_t f = 0;
        for (; f + vectorWidth <= features; f += vectorWidth) {
            for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(source[lane + i] + f);
                transpose_square(square);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(destination + (f + i) * lanesWidth + lane, square[i]);
            }
        }
        for (; f < features; f++) {
            for (int lane = 0; lane < lanesWidth; lane++) destination[f * lanesWidth + lane] = source[lane][f];
        }
    }
}

static void lanes_to_rows_kernel(
    const float *lanes, int64_t features, int64_t images, float *rows, int64_t rowStride, int64_t beginGroup,
    int64_t endGroup)
{
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = lanes + g * lanesWidth * features;
        float *destination = rows + g * lanesWidth * rowStride;
        const int64_t own = lanes_images(images, g);
        int64_t f = 0;
        for (; f + vectorWidth <= features; f += vectorWidth) {
            for (int lane = 0; lane < own; lane += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(source + (f + i) * lanesWidth + lane);
                transpose_square(square);
                const int64_t count = smaller(vectorWidth, own - lane);
                for (int64_t i = 0; i < count; i++) store(destination + (lane + i) * rowStride + f, square[i]);
            }
        }
        for (; f < features; f++) {
            for (int64_t lane = 0; lane < own; lane++) {
                destination[lane * rowStride + f] = source[f * lanesWidth + lane];
            }
        }
    }
}

static void lanes_clear_kernel(float *group, int64_t first, int64_t begin, int64_t end)
{
    vuint kept[lanesWidth / vectorWidth];
    for (int lane = 0; lane < lanesWidth; lane++) kept[lane / vectorWidth][lane % vectorWidth] = lane < first ? ~0u : 0;
    for (int64_t f = begin; f < end; f++) {
        APUS_UNROLL
        for (int v = 0; v < lanesWidth / vectorWidth; v++) {
            float *place = group + f * lanesWidth + v * vectorWidth;
            store(place, float_of(bits_of(load(place)) & kept[v]));
        }
    }
}

#endif
