/// Elements of planes by their flat positions in them: the gradients of max pooling, and its inverse.
///
/// A plane is all that one sample and channel have. Each function works on the planes [begin, end); tensor arguments
/// point to plane 0. `wrong` becomes the place of the first position outside of [0, wide), if there is one, counted
/// from plane 0; what such positions point to is left out. -1 points nowhere on purpose where `allowsNone`.
#ifndef APUS_PLANE_POSITIONS_H
#define APUS_PLANE_POSITIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What is done with several elements for one position.
typedef enum ApusPlaneScatter {
    ApusPlaneScatterAdd = 0,
    /// The last one stays.
    ApusPlaneScatterAssign = 1
} ApusPlaneScatter;

/// y[k] = x[position[k]] in each plane; 0 where the position points nowhere.
///
/// - wide: elements of a plane of x.
/// - narrow: positions of a plane.
void apus_plane_gather(
    const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow, float *y, int64_t *wrong,
    int64_t begin, int64_t end);

/// y = 0, then y[position[k]] = x[k] or += x[k] in each plane.
///
/// - wide: elements of a plane of y.
/// - narrow: positions of a plane.
void apus_plane_scatter(
    ApusPlaneScatter mode, const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow,
    float *y, int64_t *wrong, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
