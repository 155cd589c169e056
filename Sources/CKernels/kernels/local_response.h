/// Local response normalisation across channels.
#ifndef APUS_LOCAL_RESPONSE_KERNEL_H
#define APUS_LOCAL_RESPONSE_KERNEL_H

#include "../include/local_response.h"
#include "vector_math.h"

enum { responseBlock = APUS_LOCAL_RESPONSE_BLOCK, responseVectors = responseBlock / vectorWidth };

/// Some positions of an image: where they start, and how many they are.
typedef struct ResponseBlock {
    int64_t offset, count;
} ResponseBlock;

APUS_INLINE ResponseBlock response_block(const ApusLocalResponse *l, int64_t task)
{
    int64_t blocks = (l->plane + responseBlock - 1) / responseBlock;
    int64_t image = task / blocks, first = task % blocks * responseBlock;
    return (ResponseBlock){image * l->channels * l->plane + first, smaller(responseBlock, l->plane - first)};
}

/// Copies a block of all channels to [channels][responseBlock], with zeros behind the last position.
static void gather_block(const ApusLocalResponse *l, const float *x, ResponseBlock block, float *result)
{
    for (int64_t c = 0; c < l->channels; c++) {
        float *row = result + c * responseBlock;
        if (block.count < responseBlock) memset(row, 0, responseBlock * sizeof(float));
        memcpy(row, x + block.offset + c * l->plane, (size_t)block.count * sizeof(float));
    }
}

/// Σ of the rows [first, last] that exist.
APUS_INLINE void window_sum(
    const float *rows, int64_t channels, int64_t first, int64_t last, vfloat sums[responseVectors])
{
    APUS_UNROLL
    for (int v = 0; v < responseVectors; v++) sums[v] = splat(0.0f);
    for (int64_t c = larger(first, 0); c <= smaller(last, channels - 1); c++) {
        APUS_UNROLL
        for (int v = 0; v < responseVectors; v++) sums[v] += load(rows + c * responseBlock + v * vectorWidth);
    }
}

static void square_rows(const float *x, int64_t count, float *squares)
{
    for (int64_t i = 0; i < count; i += vectorWidth) {
        vfloat v = load(x + i);
        store(squares + i, v * v);
    }
}

static void local_response_kernel(
    const ApusLocalResponse *l, const float *x, float *y, float *scratch, int64_t begin, int64_t end)
{
    float *rows = scratch, *squares = scratch + l->channels * responseBlock;
    float share = l->alpha / (float)l->size;
    for (int64_t task = begin; task < end; task++) {
        ResponseBlock block = response_block(l, task);
        gather_block(l, x, block, rows);
        square_rows(rows, l->channels * responseBlock, squares);
        for (int64_t c = 0; c < l->channels; c++) {
            vfloat sums[responseVectors];
            window_sum(squares, l->channels, c - l->size / 2, c + (l->size - 1) / 2, sums);
            float *row = rows + c * responseBlock;
            for (int v = 0; v < responseVectors; v++) {
                vfloat divisor = multiply_add(sums[v], splat(share), splat(l->k));
                vfloat power = vector_exp(vector_log(divisor) * -l->beta);
                store(row + v * vectorWidth, load(row + v * vectorWidth) * power);
            }
            memcpy(y + block.offset + c * l->plane, row, (size_t)block.count * sizeof(float));
        }
    }
}

static void local_response_backward_kernel(
    const ApusLocalResponse *l, const float *x, const float *outputGradient, float *inputGradient, float *scratch,
    int64_t begin, int64_t end)
{
    int64_t block = l->channels * responseBlock;
    float *rows = scratch, *squares = rows + block, *gradients = squares + block, *spread = gradients + block;
    float share = l->alpha / (float)l->size, factor = -2.0f * share * l->beta;
    for (int64_t task = begin; task < end; task++) {
        ResponseBlock place = response_block(l, task);
        gather_block(l, x, place, rows);
        gather_block(l, outputGradient, place, gradients);
        square_rows(rows, block, squares);
        // dy · d^-beta, and what each channel adds to those of its window.
        for (int64_t c = 0; c < l->channels; c++) {
            vfloat sums[responseVectors];
            window_sum(squares, l->channels, c - l->size / 2, c + (l->size - 1) / 2, sums);
            for (int v = 0; v < responseVectors; v++) {
                int64_t k = c * responseBlock + v * vectorWidth;
                vfloat divisor = multiply_add(sums[v], splat(share), splat(l->k));
                vfloat scaled = load(gradients + k) * vector_exp(vector_log(divisor) * -l->beta);
                store(gradients + k, scaled);
                store(spread + k, scaled * load(rows + k) / divisor);
            }
        }
        for (int64_t c = 0; c < l->channels; c++) {
            vfloat sums[responseVectors];
            window_sum(spread, l->channels, c - (l->size - 1) / 2, c + l->size / 2, sums);
            float *row = gradients + c * responseBlock;
            for (int v = 0; v < responseVectors; v++) {
                vfloat neighbours = load(rows + c * responseBlock + v * vectorWidth) * sums[v];
                store(row + v * vectorWidth, multiply_add(neighbours, splat(factor), load(row + v * vectorWidth)));
            }
            memcpy(inputGradient + place.offset + c * l->plane, row, (size_t)place.count * sizeof(float));
        }
    }
}

#endif
