/// The colours of one image.
#ifndef APUS_IMAGE_COLOR_KERNEL_H
#define APUS_IMAGE_COLOR_KERNEL_H

#include "../include/image_color.h"
#include "vector.h"

// Input and result are the same memory or do not overlap: either way each element depends on its own place alone.
#define APUS_PIXEL_LOOP _Pragma("clang loop vectorize(assume_safety)")

APUS_INLINE float image_cut(float value, float bound)
{
    return value < 0.0f ? 0.0f : value > bound ? bound : value;
}

/// ITU-R 601. The first product of a sum is the one that is fused with it, here and below: so PyTorch rounds.
APUS_INLINE float image_gray_of(float red, float green, float blue)
{
    return blue * 0.114f + (green * 0.587f + red * 0.2989f);
}

#define PIXEL uint8_t
#define NAME(name) name##_bytes_kernel
#define BOUND 255.0f
#define FLOORED(value) __builtin_floorf(value)
#define TO_UNIT(value) ((float)(value) * (1.0f / 255.0f))
#define FROM_UNIT(value) (uint8_t)((value) * 255.999f)
#include "image_color_template.h"
#undef PIXEL
#undef NAME
#undef BOUND
#undef FLOORED
#undef TO_UNIT
#undef FROM_UNIT
#define PIXEL float
#define NAME(name) name##_floats_kernel
#define BOUND 1.0f
#define FLOORED(value) (value)
#define TO_UNIT(value) (value)
#define FROM_UNIT(value) (value)
#include "image_color_template.h"
#undef PIXEL
#undef NAME
#undef BOUND
#undef FLOORED
#undef TO_UNIT
#undef FROM_UNIT

static void image_lookup_kernel(const uint8_t *x, int64_t count, const uint8_t *table, uint8_t *y)
{
    for (int64_t i = 0; i < count; i++) y[i] = table[x[i]];
}

static void image_histogram_kernel(const uint8_t *x, int64_t count, int64_t *histogram)
{
    for (int64_t i = 0; i < count; i++) histogram[x[i]]++;
}

#endif
