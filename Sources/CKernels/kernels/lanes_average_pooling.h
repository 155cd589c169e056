/// Average pooling in the lanes layout.
#ifndef APUS_LANES_AVERAGE_POOLING_KERNEL_H
#define APUS_LANES_AVERAGE_POOLING_KERNEL_H

#include "add_activate.h"
#include "lanes_pooling.h"

/// What a window's sum is divided by; the padded input ends `padding` behind the input (PyTorch clips a window in ceil
/// mode there).
APUS_INLINE float lanes_window_scale(
    const ApusLanesPooling *p, const LanesWindow *w, int countIncludePad, int64_t divisorOverride)
{
    int64_t divisor = divisorOverride;
    if (divisor == 0 && countIncludePad) {
        int64_t bottom = smaller(p->inputHeight + p->paddingHeight, w->firstRow + p->kernelHeight);
        int64_t right = smaller(p->inputWidth + p->paddingWidth, w->firstColumn + p->kernelWidth);
        divisor = (bottom - w->firstRow) * (right - w->firstColumn);
    } else if (divisor == 0) {
        divisor = (w->bottom - w->top) * (w->right - w->left);
    }
    return 1.0f / (float)divisor;
}

/// The scale of the windows that lie inside the input.
APUS_INLINE float whole_window_scale(const ApusLanesPooling *p, int64_t divisorOverride)
{
    return 1.0f / (float)(divisorOverride ? divisorOverride : (int64_t)p->kernelHeight * p->kernelWidth);
}

/// Any window, clipped to the input; `output` points to its place.
APUS_INLINE void average_pool_window(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *plane, int64_t y, int64_t x,
    float *output, const int lanes)
{
    const LanesWindow w = lanes_window(p, y, x);
    const float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
    for (int lane = 0; lane < lanes; lane += vectorWidth) {
        vfloat sum = splat(0.0f);
        for (int64_t sy = w.top; sy < w.bottom; sy++) {
            const float *row = plane + sy * p->inputWidth * lanes + lane;
            for (int64_t sx = w.left; sx < w.right; sx++) sum += load(row + sx * lanes);
        }
        store(output + lane, sum * scale);
    }
}

APUS_INLINE void lanes_average_pool_forward(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginPlane, int64_t endPlane,
    const int lanes, const int kernel)
{
    const int64_t inputRow = (int64_t)p->inputWidth * lanes, inputPlane = p->inputHeight * inputRow;
    const int64_t step = (int64_t)p->strideWidth * lanes;
    const float scale = whole_window_scale(p, divisorOverride);
    int64_t begin, end;
    whole_windows(p, &begin, &end);
    float *outputRow = output + beginPlane * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginPlane; plane < endPlane; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++, outputRow += p->outputWidth * lanes) {
            const int64_t top = y * p->strideHeight - p->paddingHeight;
            const int isWhole = kernel > 0 && top >= 0 && top + p->kernelHeight <= p->inputHeight;
            const int64_t first = isWhole ? begin : p->outputWidth, last = isWhole ? end : p->outputWidth;
            for (int64_t x = 0; x < first; x++) {
                average_pool_window(p, countIncludePad, divisorOverride, source, y, x, outputRow + x * lanes, lanes);
            }
            const float *window = source + top * inputRow + (first * p->strideWidth - p->paddingWidth) * lanes;
            for (int64_t x = first; x < last; x++, window += step) {
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat sum = splat(0.0f);
                    APUS_UNROLL
                    for (int i = 0; i < kernel * kernel; i++) {
                        sum += load(window + i / kernel * inputRow + i % kernel * lanes + lane);
                    }
                    store(outputRow + x * lanes + lane, sum * scale);
                }
            }
            for (int64_t x = last; x < p->outputWidth; x++) {
                average_pool_window(p, countIncludePad, divisorOverride, source, y, x, outputRow + x * lanes, lanes);
            }
        }
    }
}

static void lanes_average_pool_forward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginPlane, int64_t endPlane)
{
    APUS_WINDOW_VARIANTS(
        lanes_average_pool_forward, p, countIncludePad, divisorOverride, input, output, beginPlane, endPlane)
}

/// Spreads the gradient of any window, clipped to the input, adding to `plane`.
APUS_INLINE void average_pool_window_gradient(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *gradient, int64_t y,
    int64_t x, float *plane, const int lanes)
{
    const LanesWindow w = lanes_window(p, y, x);
    const float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
    for (int lane = 0; lane < lanes; lane += vectorWidth) {
        const vfloat share = load(gradient + lane) * scale;
        for (int64_t sy = w.top; sy < w.bottom; sy++) {
            float *row = plane + sy * p->inputWidth * lanes + lane;
            for (int64_t sx = w.left; sx < w.right; sx++) store(row + sx * lanes, load(row + sx * lanes) + share);
        }
    }
}

APUS_INLINE void lanes_average_pool_backward(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    const float *activated, ApusActivation activation, float *inputGradient, int64_t beginPlane, int64_t endPlane,
    const int lanes, const int kernel)
{
    const int64_t inputRow = (int64_t)p->inputWidth * lanes, inputPlane = p->inputHeight * inputRow;
    const int64_t step = (int64_t)p->strideWidth * lanes;
    const float scale = whole_window_scale(p, divisorOverride);
    const int overwrites = kernel > 0 && windows_are_disjoint(p), clears = !(overwrites && windows_cover(p));
    // Where each place is written once the activation's gradient comes at once, elsewhere when the plane is complete.
    const ApusActivation atOnce = clears ? ApusActivationNone : activation;
    const ApusActivation behind = clears ? activation : ApusActivationNone;
    int64_t begin, end;
    whole_windows(p, &begin, &end);
    const float *gradient = outputGradient + beginPlane * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginPlane; plane < endPlane; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        if (clears) memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++, gradient += p->outputWidth * lanes) {
            const int64_t top = y * p->strideHeight - p->paddingHeight;
            const int isWhole = kernel > 0 && top >= 0 && top + p->kernelHeight <= p->inputHeight;
            const int64_t first = isWhole ? begin : p->outputWidth, last = isWhole ? end : p->outputWidth;
            for (int64_t x = 0; x < first; x++) {
                average_pool_window_gradient(
                    p, countIncludePad, divisorOverride, gradient + x * lanes, y, x, destination, lanes);
            }
            const int64_t place = top * inputRow + (first * p->strideWidth - p->paddingWidth) * lanes;
            float *window = destination + place;
            const float *result = atOnce == ApusActivationNone ? window : activated + plane * inputPlane + place;
            for (int64_t x = first; x < last; x++, window += step, result += step) {
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    const vfloat share = load(gradient + x * lanes + lane) * scale;
                    APUS_UNROLL
                    for (int i = 0; i < kernel * kernel; i++) {
                        const int64_t offset = i / kernel * inputRow + i % kernel * lanes + lane;
                        const vfloat before = overwrites ? splat(0.0f) : load(window + offset);
                        store(
                            window + offset,
                            vector_activation_gradient(load(result + offset), before + share, atOnce));
                    }
                }
            }
            for (int64_t x = last; x < p->outputWidth; x++) {
                average_pool_window_gradient(
                    p, countIncludePad, divisorOverride, gradient + x * lanes, y, x, destination, lanes);
            }
        }
        if (behind != ApusActivationNone) {
            activation_gradient_kernel(
                activated + plane * inputPlane, destination, behind, destination, 0, inputPlane);
        }
    }
}

static void lanes_average_pool_backward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    const float *activated, ApusActivation activation, float *inputGradient, int64_t beginPlane, int64_t endPlane)
{
    APUS_WINDOW_VARIANTS(
        lanes_average_pool_backward, p, countIncludePad, divisorOverride, outputGradient, activated, activation,
        inputGradient, beginPlane, endPlane)
}

#endif
