/// How the planes of a convolution are split into phases, which is the same on each instruction set.
#ifndef APUS_PLANE_SIZES_H
#define APUS_PLANE_SIZES_H

#include "../include/plane_convolution.h"

/// Floats behind each array that blocks of vectors may read and write: eight vectors of sixteen.
enum { planeSlack = 128 };

typedef struct PlaneSizes {
    int64_t taps;
    /// The padded elements of each dimension that some window meets.
    int64_t reach[3];
    /// The sizes of a phase.
    int64_t extent[3];
    /// The elements of one phase, their number, and those of all.
    int64_t phase;
    int64_t phases;
    int64_t plane;
    /// The elements of a long row of outputs over the phase's rows.
    int64_t flat;
    /// The largest shift of a tap within its phase.
    int64_t lead;
} PlaneSizes;

/// Where the input of output 0 lies for a tap.
typedef struct TapPlace {
    int64_t phase;
    int64_t shift;
} TapPlace;

static inline int64_t plane_count(const int64_t *sizes) { return sizes[0] * sizes[1] * sizes[2]; }

static inline TapPlace tap_place(const ApusPlaneConvolution *c, const PlaneSizes *s, int64_t tap)
{
    int64_t index[3] = {
        tap / (c->kernel[1] * c->kernel[2]), tap / c->kernel[2] % c->kernel[1], tap % c->kernel[2]};
    TapPlace place = {0, 0};
    for (int d = 0; d < 3; d++) {
        int64_t position = index[d] * c->dilation[d];
        place.phase = place.phase * c->stride[d] + position % c->stride[d];
        place.shift = place.shift * s->extent[d] + position / c->stride[d];
    }
    return place;
}

static inline PlaneSizes plane_sizes(const ApusPlaneConvolution *c)
{
    PlaneSizes s = {.taps = plane_count(c->kernel), .phases = plane_count(c->stride)};
    for (int d = 0; d < 3; d++) {
        s.reach[d] = (c->output[d] - 1) * c->stride[d] + c->dilation[d] * (c->kernel[d] - 1) + 1;
        s.extent[d] = (s.reach[d] + c->stride[d] - 1) / c->stride[d];
    }
    s.phase = plane_count(s.extent);
    s.plane = s.phase * s.phases;
    s.flat = ((c->output[0] - 1) * s.extent[1] + c->output[1] - 1) * s.extent[2] + c->output[2];
    for (int64_t t = 0; t < s.taps; t++) {
        int64_t shift = tap_place(c, &s, t).shift;
        if (shift > s.lead) s.lead = shift;
    }
    return s;
}

#endif
