/// Windows in the lanes layout, and their maxima.
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

/// Keeps the larger number and its place; a later NaN is larger than all.
APUS_INLINE void take_larger(vfloat v, int32_t i, vfloat *best, vint *place)
{
    vint take = (v > *best) | (v != v);
    *best = take ? v : *best;
    *place = take ? (vint)i : *place;
}

APUS_INLINE vfloat where(vint mask, vfloat v) { return float_of((vuint)mask & bits_of(v)); }

/// The output columns [*begin, *end) whose windows lie inside the input's width.
APUS_INLINE void whole_windows(const ApusLanesPooling *p, int64_t *begin, int64_t *end)
{
    const int64_t room = (int64_t)p->inputWidth + p->paddingWidth - p->kernelWidth;
    *begin = smaller(p->outputWidth, (p->paddingWidth + p->strideWidth - 1) / p->strideWidth);
    *end = room < 0 ? *begin : larger(*begin, smaller(p->outputWidth, room / p->strideWidth + 1));
}

/// Whether each element of the input belongs to at most one window, and no window reaches beyond the input.
APUS_INLINE int windows_are_disjoint(const ApusLanesPooling *p)
{
    return p->paddingHeight == 0 && p->paddingWidth == 0 && p->strideHeight >= p->kernelHeight
        && p->strideWidth >= p->kernelWidth
        && ((int64_t)p->outputHeight - 1) * p->strideHeight + p->kernelHeight <= p->inputHeight
        && ((int64_t)p->outputWidth - 1) * p->strideWidth + p->kernelWidth <= p->inputWidth;
}

/// Whether disjoint windows cover the whole input.
APUS_INLINE int windows_cover(const ApusLanesPooling *p)
{
    return p->strideHeight == p->kernelHeight && p->strideWidth == p->kernelWidth
        && p->outputHeight * p->strideHeight == p->inputHeight && p->outputWidth * p->strideWidth == p->inputWidth;
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

/// Any window, clipped to the input; `output` and `index` point to its place.
APUS_INLINE void max_pool_window(
    const ApusLanesPooling *p, const float *plane, int64_t y, int64_t x, float *output, uint8_t *index, const int lanes)
{
    const LanesWindow w = lanes_window(p, y, x);
    for (int lane = 0; lane < lanes; lane += vectorWidth) {
        vfloat best = splat(-__builtin_inff());
        vint place = (vint)(int32_t)((w.top - w.firstRow) * p->kernelWidth + (w.left - w.firstColumn));
        for (int64_t sy = w.top; sy < w.bottom; sy++) {
            for (int64_t sx = w.left; sx < w.right; sx++) {
                const int64_t i = (sy - w.firstRow) * p->kernelWidth + (sx - w.firstColumn);
                take_larger(load(plane + (sy * p->inputWidth + sx) * lanes + lane), (int32_t)i, &best, &place);
            }
        }
        store(output + lane, best);
        store_bytes(index + lane, place);
    }
}

APUS_INLINE void lanes_max_pool_forward(
    const ApusLanesPooling *p, const float *input, float *output, uint8_t *index, int64_t beginPlane, int64_t endPlane,
    const int lanes, const int kernel)
{
    const int64_t inputRow = (int64_t)p->inputWidth * lanes, inputPlane = p->inputHeight * inputRow;
    const int64_t step = (int64_t)p->strideWidth * lanes;
    int64_t begin, end;
    whole_windows(p, &begin, &end);
    int64_t position = beginPlane * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginPlane; plane < endPlane; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++, position += p->outputWidth * lanes) {
            float *outputRow = output + position;
            uint8_t *indexRow = index + position;
            const int64_t top = y * p->strideHeight - p->paddingHeight;
            const int isWhole = kernel > 0 && top >= 0 && top + p->kernelHeight <= p->inputHeight;
            const int64_t first = isWhole ? begin : p->outputWidth, last = isWhole ? end : p->outputWidth;
            for (int64_t x = 0; x < first; x++) {
                max_pool_window(p, source, y, x, outputRow + x * lanes, indexRow + x * lanes, lanes);
            }
            const float *window = source + top * inputRow + (first * p->strideWidth - p->paddingWidth) * lanes;
            for (int64_t x = first; x < last; x++, window += step) {
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    vfloat best = load(window + lane);
                    vint place = (vint)0;
                    APUS_UNROLL
                    for (int i = 1; i < kernel * kernel; i++) {
                        take_larger(
                            load(window + i / kernel * inputRow + i % kernel * lanes + lane), i, &best, &place);
                    }
                    store(outputRow + x * lanes + lane, best);
                    store_bytes(indexRow + x * lanes + lane, place);
                }
            }
            for (int64_t x = last; x < p->outputWidth; x++) {
                max_pool_window(p, source, y, x, outputRow + x * lanes, indexRow + x * lanes, lanes);
            }
        }
    }
}

static void lanes_max_pool_forward_kernel(
    const ApusLanesPooling *p, const float *input, float *output, uint8_t *index, int64_t beginPlane, int64_t endPlane)
{
    APUS_WINDOW_VARIANTS(lanes_max_pool_forward, p, input, output, index, beginPlane, endPlane)
}

/// Spreads the gradient of any window, clipped to the input, adding to `plane`.
APUS_INLINE void max_pool_window_gradient(
    const ApusLanesPooling *p, const float *gradient, const uint8_t *index, int64_t y, int64_t x, float *plane,
    const int lanes)
{
    const LanesWindow w = lanes_window(p, y, x);
    for (int lane = 0; lane < lanes; lane += vectorWidth) {
        const vfloat g = load(gradient + lane);
        const vint place = load_bytes(index + lane);
        for (int64_t sy = w.top; sy < w.bottom; sy++) {
            for (int64_t sx = w.left; sx < w.right; sx++) {
                const int64_t i = (sy - w.firstRow) * p->kernelWidth + (sx - w.firstColumn);
                float *target = plane + (sy * p->inputWidth + sx) * lanes + lane;
                store(target, load(target) + where(place == (int32_t)i, g));
            }
        }
    }
}

APUS_INLINE void lanes_max_pool_backward(
    const ApusLanesPooling *p, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginPlane, int64_t endPlane,
    const int lanes, const int kernel)
{
    const int64_t inputRow = (int64_t)p->inputWidth * lanes, inputPlane = p->inputHeight * inputRow;
    const int64_t step = (int64_t)p->strideWidth * lanes;
    const int overwrites = kernel > 0 && windows_are_disjoint(p), clears = !(overwrites && windows_cover(p));
    int64_t begin, end;
    whole_windows(p, &begin, &end);
    int64_t position = beginPlane * p->outputHeight * p->outputWidth * lanes;
    for (int64_t plane = beginPlane; plane < endPlane; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        if (clears) memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++, position += p->outputWidth * lanes) {
            const float *gradient = outputGradient + position;
            const uint8_t *places = index + position;
            const int64_t top = y * p->strideHeight - p->paddingHeight;
            const int isWhole = kernel > 0 && top >= 0 && top + p->kernelHeight <= p->inputHeight;
            const int64_t first = isWhole ? begin : p->outputWidth, last = isWhole ? end : p->outputWidth;
            for (int64_t x = 0; x < first; x++) {
                max_pool_window_gradient(p, gradient + x * lanes, places + x * lanes, y, x, destination, lanes);
            }
            float *window = destination + top * inputRow + (first * p->strideWidth - p->paddingWidth) * lanes;
            for (int64_t x = first; x < last; x++, window += step) {
                for (int lane = 0; lane < lanes; lane += vectorWidth) {
                    const vfloat g = load(gradient + x * lanes + lane);
                    const vint place = load_bytes(places + x * lanes + lane);
                    APUS_UNROLL
                    for (int i = 0; i < kernel * kernel; i++) {
                        float *target = window + i / kernel * inputRow + i % kernel * lanes + lane;
                        const vfloat before = overwrites ? splat(0.0f) : load(target);
                        store(target, before + where(place == i, g));
                    }
                }
            }
            for (int64_t x = last; x < p->outputWidth; x++) {
                max_pool_window_gradient(p, gradient + x * lanes, places + x * lanes, y, x, destination, lanes);
            }
        }
    }
}

static void lanes_max_pool_backward_kernel(
    const ApusLanesPooling *p, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginPlane, int64_t endPlane)
{
    APUS_WINDOW_VARIANTS(lanes_max_pool_backward, p, outputGradient, index, inputGradient, beginPlane, endPlane)
}

#endif
