/// The sum and the activation behind a convolution, and an activation's gradient, for kernels without a place for them.
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

/// dx[i] = the gradient dy[i] behind an activation whose result is y[i], for the elements [begin, end); dx may be dy.
void apus_activation_gradient(
    const float *y, const float *dy, ApusActivation activation, float *dx, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
