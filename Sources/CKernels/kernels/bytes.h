/// Rows of bytes.
#ifndef APUS_BYTES_KERNEL_H
#define APUS_BYTES_KERNEL_H

#include "../include/bytes.h"
#include "vector.h"

static void gather_rows_kernel(
    const uint8_t *source, int64_t rowBytes, const int64_t *index, uint8_t *destination, int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        memcpy(destination + r * rowBytes, source + index[r] * rowBytes, (size_t)rowBytes);
    }
}

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

#endif
