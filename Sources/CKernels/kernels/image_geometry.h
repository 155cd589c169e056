/// Moving the pixels of one image.
#ifndef APUS_IMAGE_GEOMETRY_KERNEL_H
#define APUS_IMAGE_GEOMETRY_KERNEL_H

#include "../include/image_geometry.h"
#include "vector.h"

/// The place in 0 ..< size of a place beyond the border; mirrors as often as is needed.
APUS_INLINE int64_t image_border_place(int64_t place, int64_t size, ApusImageBorder border)
{
    if (place >= 0 && place < size) return place;
    if (border == ApusImageBorderEdge || size == 1) return place < 0 ? 0 : size - 1;
    int64_t repeated = border == ApusImageBorderSymmetric ? 1 : 0;
    int64_t period = 2 * (size - 1 + repeated);
    int64_t inside = place % period;
    if (inside < 0) inside += period;
    return inside < size ? inside : period - inside - repeated;
}

/// The nearest whole number, ties to even, for magnitudes below 2^22: the sum has no bits left for fractions. Without
/// SSE 4.1 there is no instruction for it.
APUS_INLINE float image_round(float value)
{
    return (value + 0x1.8p23f) - 0x1.8p23f;
}

#define PIXEL uint8_t
#define NAME(name) name##_bytes
#define ROUNDED(value) (uint8_t) image_round(value)
#include "image_geometry_template.h"
#undef PIXEL
#undef NAME
#undef ROUNDED
#define PIXEL float
#define NAME(name) name##_floats
#define ROUNDED(value) (value)
#include "image_geometry_template.h"
#undef PIXEL
#undef NAME
#undef ROUNDED

static void image_reverse_rows_kernel(int elementSize, const void *x, int64_t rows, int64_t width, void *y)
{
    if (elementSize == 1) image_reverse_rows_bytes(x, rows, width, y);
    else if (elementSize == 4) image_reverse_rows_floats(x, rows, width, y);
    else abort();
}

static void image_window_kernel(
    int elementSize, ApusImageSize from, const void *x, ApusImageSize to, int64_t top, int64_t left,
    ApusImageBorder border, const float *fill, void *y)
{
    if (elementSize == 1) image_window_bytes(from, x, to, top, left, border, fill, y);
    else if (elementSize == 4) image_window_floats(from, x, to, top, left, border, fill, y);
    else abort();
}

static void image_warp_kernel(
    int elementSize, ApusImageSize from, const void *x, ApusImageSize to, const ApusImageWarp *warp, const float *fill,
    void *y)
{
    if (elementSize == 1) image_warp_bytes(from, x, to, warp, fill, y);
    else if (elementSize == 4) image_warp_floats(from, x, to, warp, fill, y);
    else abort();
}

static void image_planes_from_pixels_kernel(const uint8_t *pixels, int64_t channels, int64_t count, uint8_t *planes)
{
    if (channels == 3) {
        uint8_t *red = planes, *green = planes + count, *blue = planes + 2 * count;
        for (int64_t i = 0; i < count; i++) {
            red[i] = pixels[3 * i];
            green[i] = pixels[3 * i + 1];
            blue[i] = pixels[3 * i + 2];
        }
        return;
    }
    for (int64_t channel = 0; channel < channels; channel++) {
        for (int64_t i = 0; i < count; i++) planes[channel * count + i] = pixels[i * channels + channel];
    }
}

#endif
