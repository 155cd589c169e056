/// The colours of one image, planes [channels, count] of bytes (0 to 255) or floats (0 to 1), as torchvision computes
/// them: in single precision, cut to the range, bytes rounded down where nothing else is said.
///
/// Results may be the input itself, but not overlap it otherwise.
#ifndef APUS_IMAGE_COLOR_H
#define APUS_IMAGE_COLOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y = x · factor.
void apus_image_brightness_bytes(const uint8_t *x, int64_t count, float factor, uint8_t *y);
void apus_image_brightness_floats(const float *x, int64_t count, float factor, float *y);

/// y = x · factor + m · (1 - factor), m the mean of the gray image, or of the image where it has one channel.
void apus_image_contrast_bytes(const uint8_t *x, int64_t channels, int64_t count, double factor, uint8_t *y);
void apus_image_contrast_floats(const float *x, int64_t channels, int64_t count, double factor, float *y);

/// y = x · factor + gray · (1 - factor), of three channels.
void apus_image_saturation_bytes(const uint8_t *x, int64_t count, double factor, uint8_t *y);
void apus_image_saturation_floats(const float *x, int64_t count, double factor, float *y);

/// Turns the hue by `shift` of a full circle, of three channels.
void apus_image_hue_bytes(const uint8_t *x, int64_t count, float shift, uint8_t *y);
void apus_image_hue_floats(const float *x, int64_t count, float shift, float *y);

/// One plane 0.2989 R + 0.587 G + 0.114 B of three.
void apus_image_gray_bytes(const uint8_t *x, int64_t count, uint8_t *y);
void apus_image_gray_floats(const float *x, int64_t count, float *y);

/// y = table[x] for the 256 bytes.
void apus_image_lookup(const uint8_t *x, int64_t count, const uint8_t *table, uint8_t *y);

/// Adds to histogram[b] how often the byte b occurs.
void apus_image_histogram(const uint8_t *x, int64_t count, int64_t *histogram);

#ifdef __cplusplus
}
#endif

#endif
