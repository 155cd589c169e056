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

static void lanes_max_pool_forward_kernel(
    const ApusLanesPooling *p, const float *input, float *output, uint8_t *index, int64_t beginGroup, int64_t endGroup)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanesWidth;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanesWidth;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanesWidth) {
                LanesWindow w = lanes_window(p, y, x);
                for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                    vfloat best = splat(-__builtin_inff());
                    vint place = (vint)(int32_t)((w.top - w.firstRow) * p->kernelWidth + (w.left - w.firstColumn));
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        const float *row = source + sy * p->inputWidth * lanesWidth + lane;
                        int32_t offset = (int32_t)((sy - w.firstRow) * p->kernelWidth - w.firstColumn);
                        for (int64_t sx = w.left; sx < w.right; sx++) {
                            vfloat v = load(row + sx * lanesWidth);
                            vint take = (v > best) | (v != v);
                            best = take ? v : best;
                            place = take ? (vint)(offset + (int32_t)sx) : place;
                        }
                    }
                    store(output + position + lane, best);
                    store_bytes(index + position + lane, place);
                }
            }
        }
    }
}

static void lanes_max_pool_backward_kernel(
    const ApusLanesPooling *p, const float *outputGradient, const uint8_t *index, float *inputGradient,
    int64_t beginGroup, int64_t endGroup)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanesWidth;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanesWidth;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanesWidth) {
                LanesWindow w = lanes_window(p, y, x);
                for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                    vfloat gradient = load(outputGradient + position + lane);
                    vint place = load_bytes(index + position + lane);
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        float *row = destination + sy * p->inputWidth * lanesWidth + lane;
                        int32_t offset = (int32_t)((sy - w.firstRow) * p->kernelWidth - w.firstColumn);
                        for (int64_t sx = w.left; sx < w.right; sx++) {
                            vfloat share = place == (offset + (int32_t)sx) ? gradient : splat(0.0f);
                            store(row + sx * lanesWidth, load(row + sx * lanesWidth) + share);
                        }
                    }
                }
            }
        }
    }
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

static void lanes_average_pool_forward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t beginGroup, int64_t endGroup)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanesWidth;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanesWidth;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        const float *source = input + plane * inputPlane;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanesWidth) {
                LanesWindow w = lanes_window(p, y, x);
                float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
                for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                    vfloat sum = splat(0.0f);
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        const float *row = source + sy * p->inputWidth * lanesWidth + lane;
                        for (int64_t sx = w.left; sx < w.right; sx++) sum += load(row + sx * lanesWidth);
                    }
                    store(output + position + lane, sum * scale);
                }
            }
        }
    }
}

static void lanes_average_pool_backward_kernel(
    const ApusLanesPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, int64_t beginGroup, int64_t endGroup)
{
    const int64_t inputPlane = (int64_t)p->inputHeight * p->inputWidth * lanesWidth;
    int64_t position = beginGroup * p->channels * p->outputHeight * p->outputWidth * lanesWidth;
    for (int64_t plane = beginGroup * p->channels; plane < endGroup * p->channels; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++) {
            for (int64_t x = 0; x < p->outputWidth; x++, position += lanesWidth) {
                LanesWindow w = lanes_window(p, y, x);
                float scale = lanes_window_scale(p, &w, countIncludePad, divisorOverride);
                for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                    vfloat share = load(outputGradient + position + lane) * scale;
                    for (int64_t sy = w.top; sy < w.bottom; sy++) {
                        float *row = destination + sy * p->inputWidth * lanesWidth + lane;
                        for (int64_t sx = w.left; sx < w.right; sx++) {
                            store(row + sx * lanesWidth, load(row + sx * lanesWidth) + share);
                        }
                    }
                }
            }
        }
    }
}

#endif
