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

static void lanes_from_rows_kernel(
    const float *rows, int64_t rowStride, int64_t features, float *lanes, int64_t beginGroup, int64_t endGroup)
{
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = rows + g * lanesWidth * rowStride;
        float *destination = lanes + g * lanesWidth * features;
        int64_t f = 0;
        for (; f + vectorWidth <= features; f += vectorWidth) {
            for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(source + (lane + i) * rowStride + f);
                transpose_square(square);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(destination + (f + i) * lanesWidth + lane, square[i]);
            }
        }
        for (; f < features; f++) {
            for (int lane = 0; lane < lanesWidth; lane++) {
                destination[f * lanesWidth + lane] = source[lane * rowStride + f];
            }
        }
    }
}

static void lanes_to_rows_kernel(
    const float *lanes, int64_t features, float *rows, int64_t rowStride, int64_t beginGroup, int64_t endGroup)
{
    for (int64_t g = beginGroup; g < endGroup; g++) {
        const float *source = lanes + g * lanesWidth * features;
        float *destination = rows + g * lanesWidth * rowStride;
        int64_t f = 0;
        for (; f + vectorWidth <= features; f += vectorWidth) {
            for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                vfloat square[vectorWidth];
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) square[i] = load(source + (f + i) * lanesWidth + lane);
                transpose_square(square);
                APUS_UNROLL
                for (int i = 0; i < vectorWidth; i++) store(destination + (lane + i) * rowStride + f, square[i]);
            }
        }
        for (; f < features; f++) {
            for (int lane = 0; lane < lanesWidth; lane++) {
                destination[lane * rowStride + f] = source[f * lanesWidth + lane];
            }
        }
    }
}

#endif
