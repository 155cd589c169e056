/// Resizing the planes of an image in two passes, each a weighted sum of rows.
#ifndef APUS_IMAGE_RESIZE_H
#define APUS_IMAGE_RESIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y[o][i] = Σ_k weights[o · stride + k] · x[first[o] + k][i] for k in 0 ..< count[o], rounded and cut to bytes.
///
/// - inner: bytes in a row. Weights are whole numbers, 1 is 2^bits, `bits` at most 22.
void apus_image_combine_rows_bytes(
    const uint8_t *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count,
    const int32_t *weights, int bits, int64_t stride, uint8_t *y);

/// The same of floats.
void apus_image_combine_rows_floats(
    const float *x, int64_t inner, int64_t outputs, const int32_t *first, const int32_t *count, const float *weights,
    int64_t stride, float *y);

#ifdef __cplusplus
}
#endif

#endif
