/// Activations of vectors, and a sum with one.
#ifndef APUS_ADD_ACTIVATE_KERNEL_H
#define APUS_ADD_ACTIVATE_KERNEL_H

#include "../include/add_activate.h"
#include "vector_math.h"

APUS_INLINE vfloat vector_activate(vfloat x, ApusActivation activation)
{
    switch (activation) {
    case ApusActivationNone: break;
    case ApusActivationRelu: return x < 0.0f ? splat(0.0f) : x;
    case ApusActivationSigmoid: return vector_sigmoid(x);
    case ApusActivationTanh: return vector_tanh(x);
    }
    return x;
}

static void add_activate_kernel(
    const float *x, const float *addend, ApusActivation activation, float *y, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; end - i >= vectorWidth; i += vectorWidth) {
        store(y + i, vector_activate(load(x + i) + load(addend + i), activation));
    }
    if (i < end) {
        vfloat sum = load_part(x + i, end - i, 0.0f) + load_part(addend + i, end - i, 0.0f);
        store_part(y + i, end - i, vector_activate(sum, activation));
    }
}

#endif
