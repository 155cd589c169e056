/// Elements of planes by their flat positions in them.
#ifndef APUS_PLANE_POSITIONS_KERNEL_H
#define APUS_PLANE_POSITIONS_KERNEL_H

#include "../include/plane_positions.h"
#include "vector.h"

/// Whether a position lies in the plane; notes where the first one is that may not lie outside.
APUS_INLINE int is_in_plane(int64_t position, int64_t wide, int allowsNone, int64_t place, int64_t *wrong)
{
    if ((uint64_t)position < (uint64_t)wide) return 1;
    if ((position != -1 || !allowsNone) && (*wrong < 0 || place < *wrong)) *wrong = place;
    return 0;
}

static void plane_gather_kernel(
    const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow, float *y, int64_t *wrong,
    int64_t begin, int64_t end)
{
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = x + plane * wide;
        for (int64_t k = plane * narrow; k < (plane + 1) * narrow; k++) {
            y[k] = is_in_plane(position[k], wide, allowsNone, k, wrong) ? source[position[k]] : 0.0f;
        }
    }
}

APUS_INLINE void plane_scatter(
    const ApusPlaneScatter mode, const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow,
    float *y, int64_t *wrong, int64_t begin, int64_t end)
{
    for (int64_t plane = begin; plane < end; plane++) {
        float *destination = y + plane * wide;
        memset(destination, 0, (size_t)wide * sizeof(float));
        for (int64_t k = plane * narrow; k < (plane + 1) * narrow; k++) {
            if (!is_in_plane(position[k], wide, allowsNone, k, wrong)) continue;
            if (mode == ApusPlaneScatterAdd) {
                destination[position[k]] += x[k];
            } else {
                destination[position[k]] = x[k];
            }
        }
    }
}

static void plane_scatter_kernel(
    ApusPlaneScatter mode, const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow,
    float *y, int64_t *wrong, int64_t begin, int64_t end)
{
    switch (mode) {
    case ApusPlaneScatterAdd:
        plane_scatter(ApusPlaneScatterAdd, x, position, allowsNone, wide, narrow, y, wrong, begin, end);
        break;
    case ApusPlaneScatterAssign:
        plane_scatter(ApusPlaneScatterAssign, x, position, allowsNone, wide, narrow, y, wrong, begin, end);
        break;
    }
}

#endif
