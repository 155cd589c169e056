/// Weighted sums of rows, in tiles that stay in registers and the first-level cache.
#ifndef APUS_IMAGE_RESIZE_KERNEL_H
#define APUS_IMAGE_RESIZE_KERNEL_H

#include "../include/image_resize.h"
#include "vector.h"

enum { imageResizeTile = 256 };

static void image_combine_rows_bytes_kernel(
    const uint8_t *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count,
    const int32_t *weights, int bits, int64_t stride, uint8_t *y)
{
    int32_t sums[imageResizeTile];
    for (int64_t output = 0; output < outputs; output++) {
        for (int64_t start = 0; start < inner; start += imageResizeTile) {
            int64_t length = inner - start < imageResizeTile ? inner - start : imageResizeTile;
            for (int64_t i = 0; i < length; i++) sums[i] = 1 << (bits - 1);
            for (int32_t k = 0; k < count[output]; k++) {
                const uint8_t *row = x + (first[output] + k) * inner + start;
                int32_t weight = weights[output * stride + k];
                for (int64_t i = 0; i < length; i++) sums[i] += weight * (int32_t)row[i];
            }
            uint8_t *target = y + output * inner + start;
            for (int64_t i = 0; i < length; i++) {
                int32_t value = sums[i] >> bits;
                target[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
            }
        }
    }
}

static void image_combine_rows_floats_kernel(
    const float *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count, const float *weights,
    int64_t stride, float *y)
{
    float sums[imageResizeTile];
    for (int64_t output = 0; output < outputs; output++) {
        for (int64_t start = 0; start < inner; start += imageResizeTile) {
            int64_t length = inner - start < imageResizeTile ? inner - start : imageResizeTile;
            for (int64_t i = 0; i < length; i++) sums[i] = 0.0f;
            for (int32_t k = 0; k < count[output]; k++) {
                const float *row = x + (first[output] + k) * inner + start;
                float weight = weights[output * stride + k];
                for (int64_t i = 0; i < length; i++) sums[i] += weight * row[i];
            }
            memcpy(y + output * inner + start, sums, (size_t)length * sizeof(float));
        }
    }
}

#endif
