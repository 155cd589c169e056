/// The processor's peak.
#ifndef APUS_PEAK_KERNEL_H
#define APUS_PEAK_KERNEL_H

#include "../include/peak.h"
#include "vector.h"

/// Independent sums: a multiplication with addition takes four or five cycles, and two begin in each.
enum { peakSums = 12 };

static void peak_multiply_adds_kernel(int64_t rounds, int64_t *count, float *result)
{
    vfloat sums[peakSums];
    for (int i = 0; i < peakSums; i++) sums[i] = splat((float)i);
    // The compiler must not know them, or it would compute the result without the loop.
    volatile float opaque = 0.5f;
    const vfloat factor = splat(opaque), term = splat(opaque);
    for (int64_t round = 0; round < rounds; round++) {
        APUS_UNROLL
        for (int i = 0; i < peakSums; i++) sums[i] = multiply_add(sums[i], factor, term);
    }
    vfloat total = splat(0.0f);
    for (int i = 0; i < peakSums; i++) total += sums[i];
    *result = horizontal_sum(total);
    *count = rounds * peakSums * vectorWidth;
}

#endif
