/// Activations of vectors, a sum with one, and their gradients.
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

/// The gradient dy behind an activation whose result is y.
APUS_INLINE vfloat vector_activation_gradient(vfloat y, vfloat dy, ApusActivation activation)
{
    switch (activation) {
    case ApusActivationNone: break;
    case ApusActivationRelu: return y > 0.0f ? dy : splat(0.0f);
    case ApusActivationSigmoid: return dy * y * (1.0f - y);
    case ApusActivationTanh: return dy * (1.0f - y * y);
    }
    return dy;
}

static void activation_gradient_kernel(
    const float *y, const float *dy, ApusActivation activation, float *dx, int64_t begin, int64_t end)
{
    int64_t i = begin;
    for (; end - i >= vectorWidth; i += vectorWidth) {
        store(dx + i, vector_activation_gradient(load(y + i), load(dy + i), activation));
    }
    if (i < end) {
        vfloat last = load_part(y + i, end - i, 0.0f), gradient = load_part(dy + i, end - i, 0.0f);
        store_part(dx + i, end - i, vector_activation_gradient(last, gradient, activation));
    }
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
