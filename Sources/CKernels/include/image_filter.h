/// Filters over the neighbourhood of each pixel of one plane [height, width].
#ifndef APUS_IMAGE_FILTER_H
#define APUS_IMAGE_FILTER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Convolves rows with `kernelX` and columns with `kernelY`, of 2 · radius + 1 weights each; beyond the borders the
/// plane is mirrored at its outermost pixels. Bytes are rounded to the nearest, ties to even.
///
/// - radiusX, radiusY: less than the width and the height.
/// - scratch: height · width + width + 2 · radiusX floats. y may be x.
void apus_image_blur_bytes(
    const uint8_t *x, int64_t height, int64_t width, const float *kernelX, int64_t radiusX, const float *kernelY,
    int64_t radiusY, float *scratch, uint8_t *y);
void apus_image_blur_floats(
    const float *x, int64_t height, int64_t width, const float *kernelX, int64_t radiusX, const float *kernelY,
    int64_t radiusY, float *scratch, float *y);

/// y = x · factor + smooth · (1 - factor), cut to the range; smooth weighs the pixel by 5/13 and its eight neighbours by
/// 1/13 each, and is rounded for bytes. The outermost pixels stay. y may not be x.
void apus_image_sharpness_bytes(const uint8_t *x, int64_t height, int64_t width, double factor, uint8_t *y);
void apus_image_sharpness_floats(const float *x, int64_t height, int64_t width, double factor, float *y);

#ifdef __cplusplus
}
#endif

#endif
