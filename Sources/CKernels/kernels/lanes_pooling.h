/// Pooling in the lanes layout.
#ifndef APUS_LANES_POOLING_KERNEL_H
#define APUS_LANES_POOLING_KERNEL_H

#include "../include/lanes_pooling.h"
#include "vector.h"

/// A window clipped to the input: rows [top, bottom), columns [left, right), and where it began before clipping.
typedef struct {
    int64_t firstRow, firstColumn;
    int64_t top, bottom, left, right;
} LanesWindow;

APUS_INLINE LanesWindow lanes_window(const ApusLanesPooling *p, int64_t y, int64_t x)
{
    LanesWindow w;
    w.firstRow = y * p->strideHeight - p->paddingHeight;
    w.firstColumn = x * p->strideWidth - p->paddingWidth;
    w.top = larger(0, w.firstRow);
    w.bottom = smaller(p->inputHeight, w.firstRow + p->kernelHeight);
    w.left = larger(0, w.firstColumn);
    w.right = smaller(p->inputWidth, w.firstColumn + p->kernelWidth);
    return w;
}

APUS_INLINE int lanes_window_is_whole(const ApusLanesPooling *p, const LanesWindow *w)
{
    return w->bottom - w->top == p->kernelHeight && w->right - w->left == p->kernelWidth;
}

/// Keeps the larger number and its place; a later NaN is larger than all.
APUS_INLINE void take_larger(vfloat v, int32_t i, vfloat *best, vint *place)
{
    vint take = (v > *best) | (v != v);
    *best = take ? v : *best;
    *place = take ? (vint)i : *place;
}

APUS_INLINE void add_where(vint mask, vfloat gradient, float *target)
{
    store(target, load(target) + float_of((vuint)mask & bits_of(gradient)));
}

/// Calls a function with constants for the most frequent windows, 2×2 and 3×3, so that these are unrolled, and for the
/// lanes; its last argument is 0 for other windows.
#define APUS_WINDOW_VARIANTS(function, ...)                                                                            \
    const int kernel = p->kernelHeight == p->kernelWidth ? p->kernelWidth : 0;                                         \
    if (p->lanes == lanesWidth && kernel == 2) {                                                                       \
        function(__VA_ARGS__, lanesWidth, 2);                                                                          \
    } else if (p->lanes == lanesWidth && kernel == 3) {                                                                \
        function(__VA_ARGS__, lanesWidth, 3);                                                                          \
    } else if (p->lanes == vectorWidth && kernel == 2) {                                                               \
        function(__VA_ARGS__, vectorWidth, 2);                                                                         \
    } else if (p->lanes == vectorWidth && kernel == 3) {                                                               \
        function(__VA_ARGS__, vectorWidth, 3);                                                                         \
    } else {                                                                                                           \
        function(__VA_ARGS__, p->lanes, 0);                                                                            \
    }

APUS_INLINE void lanes_max_pool_forward(
    const ApusLanesPooling *p, const float *input, float *output, uint8_t *index, int64_t beginGroup, int64_t endGroup,
    const int lanes, const int kernel)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanes;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanes) {
                LanesWindow w = lanes_window(p, y, x);
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat best = splat(-__builtin_inff());
                    vint place = (vint)(int32_t)((w.top - w.firstRow) * p->kernelWidth + (w.left - w.firstColumn));
                    const float *first = source + (w.firstRow * p->inputWidth + w.firstColumn) * lanes + lane;
                    if (kernel > 0 && lanes_window_is_whole(p, &w)) {
                        APUS_UNROLL
                        for (int i = 0; i < kernel * kernel; i++) {
                            const float *row = first + i / kernel * (int64_t)p->inputWidth * lanes;
                            take_larger(load(row + i % kernel * lanes), i, &best, &place);
                        }
                    } else {
                        for (int64_t sy = w.top - w.firstRow; sy < w.bottom - w.firstRow; sy++) {
                            for (int64_t sx = w.left - w.firstColumn; sx < w.right - w.firstColumn; sx++) {
                                vfloat v = load(first + (sy * p->inputWidth + sx) * lanes);
                                take_larger(v, (int32_t)(sy * p->kernelWidth + sx), &best, &place);
                            }
                        }
                    }
                    store(output + position + lane, best);
                    store_bytes(index + position + lane, place);
                }
            }
        }
    }
}

static void lanes_max_pool_forward_kernel(
    const ApusLanesPooling *p, const float *input, float *output, uint8_t *index, int64_t beginGroup, int64_t endGroup)
{
    APUS_WINDOW_VARIANTS(lanes_max_pool_forward, p, input, output, index, beginGroup, endGroup)
}

APUS_INLINE void lanes_max_pool_backward(
    const ApusLanesPooling *p, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginGroup, int64_t endGroup,
    const int lanes, const int kernel)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanes;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanes) {
                LanesWindow w = lanes_window(p, y, x);
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat gradient = load(outputGradient + position + lane);
                    vint place = load_bytes(index + position + lane);
                    float *first = destination + (w.firstRow * p->inputWidth + w.firstColumn) * lanes + lane;
                    if (kernel > 0 && lanes_window_is_whole(p, &w)) {
                        APUS_UNROLL
                        for (int i = 0; i < kernel * kernel; i++) {
                            float *row = first + i / kernel * (int64_t)p->inputWidth * lanes;
                            add_where(place == i, gradient, row + i % kernel * lanes);
                        }
                    } else {
                        for (int64_t sy = w.top - w.firstRow; sy < w.bottom - w.firstRow; sy++) {
                            for (int64_t sx = w.left - w.firstColumn; sx < w.right - w.firstColumn; sx++) {
                                vint isHere = place == (int32_t)(sy * p->kernelWidth + sx);
                                add_where(isHere, gradient, first + (sy * p->inputWidth + sx) * lanes);
                            }
                        }
                    }
                }
            }
        }
    }
}

static void lanes_max_pool_backward_kernel(
    const ApusLanesPooling *p, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginGroup, int64_t endGroup)
{
    APUS_WINDOW_VARIANTS(lanes_max_pool_backward, p, outputGradient, index, inputGradient, beginGroup, endGroup)
}

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

APUS_INLINE void lanes_average_pool_forward(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginGroup, int64_t endGroup,
    const int lanes)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanes;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanes) {
                LanesWindow w = lanes_window(p, y, x);
                float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat sum = splat(0.0f);
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        const float *row = source + sy * p->inputWidth * lanes + lane;
                        for (int64_t sx = w.left; sx < w.right; sx++) sum += load(row + sx * lanes);
                    }
                    store(output + position + lane, sum * scale);
                }
            }
        }
    }
}

static void lanes_average_pool_forward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginGroup, int64_t endGroup)
{
    if (p->lanes == lanesWidth) {
        lanes_average_pool_forward(
            p, countIncludePad, divisorOverride, input, output, beginGroup, endGroup, lanesWidth);
    } else {
        lanes_average_pool_forward(p, countIncludePad, divisorOverride, input, output, beginGroup, endGroup, p->lanes);
    }
}

APUS_INLINE void lanes_average_pool_backward(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, int64_t beginGroup, int64_t endGroup,
    const int lanes)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanes;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanes) {
                LanesWindow w = lanes_window(p, y, x);
                float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat share = load(outputGradient + position + lane) * scale;
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        float *row = destination + sy * p->inputWidth * lanes + lane;
                        for (int64_t sx = w.left; sx < w.right; sx++) {
                            store(row + sx * lanes, load(row + sx * lanes) + share);
                        }
                    }
                }
            }
        }
    }
}

static void lanes_average_pool_backward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, int64_t beginGroup, int64_t endGroup)
{
    if (p->lanes == lanesWidth) {
        lanes_average_pool_backward(
            p, countIncludePad, divisorOverride, outputGradient, inputGradient, beginGroup, endGroup, lanesWidth);
    } else {
        lanes_average_pool_backward(
            p, countIncludePad, divisorOverride, outputGradient, inputGradient, beginGroup, endGroup, p->lanes);
    }
}

#endif
