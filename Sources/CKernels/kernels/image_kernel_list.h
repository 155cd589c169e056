/// The kernels of images and bytes, for `APUS_KERNELS` in kernel_list.h.
#ifndef APUS_IMAGE_KERNEL_LIST_H
#define APUS_IMAGE_KERNEL_LIST_H

#define APUS_IMAGE_KERNELS(X)                                                                                          \
    X(unit_floats_from_bytes, (const uint8_t *x, float *y, int64_t begin, int64_t end), (x, y, begin, end))            \
    X(normalized_floats_from_bytes,                                                                                    \
      (const uint8_t *x, float mean, float deviation, float *y, int64_t begin, int64_t end),                           \
      (x, mean, deviation, y, begin, end))                                                                             \
    X(normalized_floats, (const float *x, float mean, float deviation, float *y, int64_t begin, int64_t end),          \
      (x, mean, deviation, y, begin, end))                                                                             \
    X(bytes_from_floats, (const float *x, uint8_t *y, int64_t begin, int64_t end), (x, y, begin, end))                 \
    X(gather_unit_floats,                                                                                              \
      (const uint8_t *source, int64_t rowBytes, const int64_t *index, float *destination, int64_t begin, int64_t end), \
      (source, rowBytes, index, destination, begin, end))                                                              \
    X(image_reverse_rows, (int elementSize, const void *x, int64_t rows, int64_t width, void *y),                      \
      (elementSize, x, rows, width, y))                                                                                \
    X(image_window,                                                                                                    \
      (int elementSize, ApusImageSize from, const void *x, ApusImageSize to, int64_t top, int64_t left,                \
       ApusImageBorder border, const float *fill, void *y),                                                            \
      (elementSize, from, x, to, top, left, border, fill, y))                                                          \
    X(image_planes_from_pixels, (const uint8_t *pixels, int64_t channels, int64_t count, uint8_t *planes),             \
      (pixels, channels, count, planes))                                                                               \
    X(image_warp,                                                                                                      \
      (int elementSize, ApusImageSize from, const void *x, ApusImageSize to, const ApusImageWarp *warp,                \
       const float *fill, void *y),                                                                                    \
      (elementSize, from, x, to, warp, fill, y))                                                                       \
    X(image_combine_rows_bytes,                                                                                        \
      (const uint8_t *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count,                   \
       const int32_t *weights, int bits, int64_t stride, uint8_t *y),                                                  \
      (x, inner, outputs, first, count, weights, bits, stride, y))                                                           \
    X(image_combine_rows_floats,                                                                                       \
      (const float *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count,                     \
       const float *weights, int64_t stride, float *y),                                                                \
      (x, inner, outputs, first, count, weights, stride, y))                                                           \
    X(image_brightness_bytes, (const uint8_t *x, int64_t count, float factor, uint8_t *y), (x, count, factor, y))      \
    X(image_brightness_floats, (const float *x, int64_t count, float factor, float *y), (x, count, factor, y))         \
    X(image_contrast_bytes, (const uint8_t *x, int64_t channels, int64_t count, double factor, uint8_t *y),             \
      (x, channels, count, factor, y))                                                                                 \
    X(image_contrast_floats, (const float *x, int64_t channels, int64_t count, double factor, float *y),                \
      (x, channels, count, factor, y))                                                                                 \
    X(image_saturation_bytes, (const uint8_t *x, int64_t count, double factor, uint8_t *y), (x, count, factor, y))      \
    X(image_saturation_floats, (const float *x, int64_t count, double factor, float *y), (x, count, factor, y))         \
    X(image_hue_bytes, (const uint8_t *x, int64_t count, float shift, uint8_t *y), (x, count, shift, y))               \
    X(image_hue_floats, (const float *x, int64_t count, float shift, float *y), (x, count, shift, y))                  \
    X(image_gray_bytes, (const uint8_t *x, int64_t count, uint8_t *y), (x, count, y))                                  \
    X(image_gray_floats, (const float *x, int64_t count, float *y), (x, count, y))                                     \
    X(image_lookup, (const uint8_t *x, int64_t count, const uint8_t *table, uint8_t *y), (x, count, table, y))         \
    X(image_histogram, (const uint8_t *x, int64_t count, int64_t *histogram), (x, count, histogram))                   \
    X(image_blur_bytes,                                                                                                \
      (const uint8_t *x, int64_t height, int64_t width, const float *kernelX, int64_t radiusX, const float *kernelY,   \
       int64_t radiusY, float *scratch, uint8_t *y),                                                                   \
      (x, height, width, kernelX, radiusX, kernelY, radiusY, scratch, y))                                              \
    X(image_blur_floats,                                                                                               \
      (const float *x, int64_t height, int64_t width, const float *kernelX, int64_t radiusX, const float *kernelY,     \
       int64_t radiusY, float *scratch, float *y),                                                                     \
      (x, height, width, kernelX, radiusX, kernelY, radiusY, scratch, y))                                              \
    X(image_sharpness_bytes, (const uint8_t *x, int64_t height, int64_t width, double factor, uint8_t *y),              \
      (x, height, width, factor, y))                                                                                   \
    X(image_sharpness_floats, (const float *x, int64_t height, int64_t width, double factor, float *y),                 \
      (x, height, width, factor, y))

#endif
