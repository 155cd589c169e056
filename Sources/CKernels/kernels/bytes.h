/// Rows of bytes.
#ifndef APUS_BYTES_KERNEL_H
#define APUS_BYTES_KERNEL_H

#include "../include/bytes.h"
#include "vector.h"

static void floats_from_bytes_kernel(
    const uint8_t *x, float scale, float shift, float *y, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; i + vectorWidth <= end; i += vectorWidth) {
        vfloat v = __builtin_convertvector(load_bytes(x + i), vfloat);
        store(y + i, multiply_add(v, splat(scale), splat(shift)));
    }
    for (; i < end; i++) y[i] = (float)x[i] * scale + shift;
}

static void unit_floats_from_bytes_kernel(const uint8_t *x, float *y, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; i + vectorWidth <= end; i += vectorWidth) {
        store(y + i, __builtin_convertvector(load_bytes(x + i), vfloat) / splat(255.0f));
    }
    for (; i < end; i++) y[i] = (float)x[i] / 255.0f;
}

static void normalized_floats_from_bytes_kernel(
    const uint8_t *x, float mean, float deviation, float *y, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; i + vectorWidth <= end; i += vectorWidth) {
        vfloat unit = __builtin_convertvector(load_bytes(x + i), vfloat) / splat(255.0f);
        store(y + i, (unit - splat(mean)) / splat(deviation));
    }
    for (; i < end; i++) y[i] = ((float)x[i] / 255.0f - mean) / deviation;
}

static void normalized_floats_kernel(
    const float *x, float mean, float deviation, float *y, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; i + vectorWidth <= end; i += vectorWidth) store(y + i, (load(x + i) - splat(mean)) / splat(deviation));
    for (; i < end; i++) y[i] = (x[i] - mean) / deviation;
}

static void bytes_from_floats_kernel(const float *x, uint8_t *y, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        // 255.999: torchvision's 255 + 1 - 0.001. Not a number fails the comparison and becomes 0.
        float v = x[i] * 255.999f;
        y[i] = (uint8_t)(v > 0.0f ? (v < 255.0f ? v : 255.0f) : 0.0f);
    }
}

static void gather_unit_floats_kernel(
    const uint8_t *source, int64_t rowBytes, const int64_t *index, float *destination, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        // The rows lie anywhere: the one after next is fetched while this one is computed.
        if (r + 2 < end) {
            const uint8_t *next = source + index[r + 2] * rowBytes;
            for (int64_t offset = 0; offset < rowBytes; offset += 64) __builtin_prefetch(next + offset);
        }
        unit_floats_from_bytes_kernel(source + index[r] * rowBytes, destination + r * rowBytes, 0, rowBytes);
    }
}

#endif
