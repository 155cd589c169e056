/// Rows of bytes: gathering a batch from a data set, and turning bytes into floats.
#ifndef APUS_BYTES_H
#define APUS_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Copies row index[r] of `source` to row r of `destination`, for the rows [begin, end).
///
/// - rowBytes: the size of a row. Indices must lie in the source.
void apus_gather_rows(
    const uint8_t *source, int64_t rowBytes, const int64_t *index, uint8_t *destination, int64_t begin, int64_t end);

/// y[i] = x[i] · scale + shift, for i in [begin, end): pixels become floats in [0, 1] with scale 1/255 and shift 0.
void apus_floats_from_bytes(const uint8_t *x, float scale, float shift, float *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
