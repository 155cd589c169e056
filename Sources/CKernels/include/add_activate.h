/// The sum and the activation behind a convolution, for kernels that have no place for them.
#ifndef APUS_ADD_ACTIVATE_H
#define APUS_ADD_ACTIVATE_H

#include <stdint.h>

#include "lanes_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

/// y[i] = activation(x[i] + addend[i]) for the elements [begin, end); y may be x or the addend.
void apus_add_activate(
    const float *x, const float *addend, ApusActivation activation, float *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
