/// The "lanes" layout: 16 images side by side in the 16 lanes of a vector.
///
/// A tensor [N, C, H, W] lies in memory as [N/16][C][H][W][16]: group g holds the images 16g ..< 16g + 16, and element
/// (g, c, y, x) is 16 floats, one an image. Convolutions with few channels fill whole vectors this way.
/// The last group of a batch that 16 does not divide is filled up with its last image, so that what is computed of it is
/// as finite as the rest; nobody reads it, and sums over images leave it out. Convolutions compute its vectors up to that
/// of the last image.
/// All floats here are aligned to at least 4 bytes; 64 is faster.
#ifndef APUS_LANES_LAYOUT_H
#define APUS_LANES_LAYOUT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Images in one group.
#define APUS_LANES 16

/// Copies rows [images, features] into lanes [groups][features][16], for the groups [beginGroup, endGroup).
///
/// - rowStride: floats from one image's row to the next; `features` for a contiguous [N, C, H, W] with
///   features = C·H·W.
void apus_lanes_from_rows(
    const float *rows, int64_t rowStride, int64_t features, int64_t images, float *lanes, int64_t beginGroup,
    int64_t endGroup);

/// Copies lanes [groups][features][16] into rows [images, features]; the inverse of `apus_lanes_from_rows`.
void apus_lanes_to_rows(
    const float *lanes, int64_t features, int64_t images, float *rows, int64_t rowStride, int64_t beginGroup,
    int64_t endGroup);

/// Sets the lanes of a group [features][16] from `first` on to zero, for the features [begin, end).
void apus_lanes_clear(float *group, int64_t first, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
