/// Moving the pixels of one image: planes [channels, height, width] of bytes or floats.
///
/// `elementSize` is 1 (bytes) or 4 (floats); another size traps. Results may not lie in the input's memory.
#ifndef APUS_IMAGE_GEOMETRY_H
#define APUS_IMAGE_GEOMETRY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of an image.
typedef struct ApusImageSize {
    int64_t channels;
    int64_t height;
    int64_t width;
} ApusImageSize;

/// What stands beyond the border of an image.
typedef enum ApusImageBorder {
    /// The fill value of the channel.
    ApusImageBorderConstant = 0,
    /// The nearest pixel of the image.
    ApusImageBorderEdge = 1,
    /// The image mirrored at its outermost pixels, which are not repeated.
    ApusImageBorderReflect = 2,
    /// The image mirrored at its border: the outermost pixels are repeated.
    ApusImageBorderSymmetric = 3
} ApusImageBorder;

/// y[row][i] = x[row][width - 1 - i].
void apus_image_reverse_rows(int elementSize, const void *x, int64_t rows, int64_t width, void *y);

/// The part of an image that begins at (top, left), which may lie beyond its borders, of the result's size.
///
/// - fill: a value for each channel, for `ApusImageBorderConstant`; bytes are rounded down.
void apus_image_window(
    int elementSize, ApusImageSize from, const void *x, ApusImageSize to, int64_t top, int64_t left,
    ApusImageBorder border, const float *fill, void *y);

/// Pixels side by side, [count, channels], to planes, [channels, count]; 1 to 4 channels of bytes.
void apus_image_planes_from_pixels(const uint8_t *pixels, int64_t channels, int64_t count, uint8_t *planes);

/// How an image is turned, shifted, scaled and sheared.
typedef struct ApusImageWarp {
    /// The position of a result's pixel (x, y), counted from the centre, in the input, whose borders are -1 and 1:
    /// column = m[0] · x + m[1] · y + m[2], row = m[3] · x + m[4] · y + m[5].
    float matrix[6];
    /// 0: the nearest pixel; 1: bilinear.
    int32_t bilinear;
    /// Whether `fill` stands beyond the borders; otherwise 0 does.
    int32_t hasFill;
} ApusImageWarp;

/// Samples the input at the positions of `warp` (`torch.nn.functional.grid_sample`, zero padding, corners not
/// aligned). Bytes are rounded to the nearest, ties to even.
void apus_image_warp(
    int elementSize, ApusImageSize from, const void *x, ApusImageSize to, const ApusImageWarp *warp, const float *fill,
    void *y);

#ifdef __cplusplus
}
#endif

#endif
