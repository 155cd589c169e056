/// Rows of bytes: gathering a batch from a data set, and turning bytes into floats.
#ifndef APUS_BYTES_H
#define APUS_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y[i] = x[i] · scale + shift, for i in [begin, end): pixels become floats in [0, 1] with scale 1/255 and shift 0.
void apus_floats_from_bytes(const uint8_t *x, float scale, float shift, float *y, int64_t begin, int64_t end);

/// y[i] = x[i] / 255, rounded once, for i in [begin, end) (`torchvision.transforms.ToTensor`). Multiplying by a rounded
/// 1/255 gives another number for 126 of the 256 bytes.
void apus_unit_floats_from_bytes(const uint8_t *x, float *y, int64_t begin, int64_t end);

/// y[i] = (x[i] / 255 - mean) / deviation, each operation rounded, for i in [begin, end) (`ToTensor`, `Normalize`).
void apus_normalized_floats_from_bytes(
    const uint8_t *x, float mean, float deviation, float *y, int64_t begin, int64_t end);

/// y[i] = (x[i] - mean) / deviation for i in [begin, end); y may be x.
void apus_normalized_floats(const float *x, float mean, float deviation, float *y, int64_t begin, int64_t end);

/// y[i] = x[i] · 255.999, rounded down, for x from 0 to 1 (`torchvision.transforms.v2.ToDtype` with `scale`); numbers
/// outside are cut.
void apus_bytes_from_floats(const float *x, uint8_t *y, int64_t begin, int64_t end);

/// Row r of `destination` is row index[r] of `source`, each byte divided by 255, for the rows [begin, end).
void apus_gather_unit_floats(
    const uint8_t *source, int64_t rowBytes, const int64_t *index, float *destination, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
