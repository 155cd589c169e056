/// Winograd's transforms of filters and of their gradients.
#ifndef APUS_WINOGRAD_FILTERS_H
#define APUS_WINOGRAD_FILTERS_H

#include "../include/winograd.h"
#include "winograd_products.h"
#include "winograd_transforms.h"

/// Where a filter begins: [O, I, 3, 3], or [I, O, 3, 3] in the terms of the gradient of the input.
APUS_INLINE int64_t winograd_filter_offset(const ApusWinograd *w, int turned, int64_t output, int64_t input)
{
    output += w->firstOutput;
    return 9 * (turned ? input * w->allOutputs + output : output * w->inputChannels + input);
}

/// The filters of one input channel and a vector of output channels, side by side.
APUS_INLINE void winograd_gather_filters(
    const ApusWinograd *w, const float *filters, int turned, int64_t output, int64_t input, vfloat g[9])
{
    int64_t offset = winograd_filter_offset(w, turned, output, input);
    int64_t step = winograd_filter_offset(w, turned, output + 1, input) - offset;
    // Lane by lane in registers: a vector loaded from nine stores of single floats would wait for them.
    for (int tap = 0; tap < 9; tap++) {
        const float *source = filters + offset + (turned ? 8 - tap : tap);
        APUS_UNROLL
        for (int lane = 0; lane < vectorWidth; lane++) g[tap][lane] = source[lane * step];
    }
}

APUS_INLINE void winograd_filter_tile(const vfloat g[9], float *target, int64_t step)
{
    vfloat columns[18];
    APUS_UNROLL
    for (int j = 0; j < 3; j++) {
        vfloat line[3] = {g[j], g[3 + j], g[6 + j]}, t[6];
        winograd_filter_transform(line, t);
        APUS_UNROLL
        for (int i = 0; i < 6; i++) columns[i * 3 + j] = t[i];
    }
    APUS_UNROLL
    for (int i = 0; i < 6; i++) {
        vfloat t[6];
        winograd_filter_transform(columns + i * 3, t);
        APUS_UNROLL
        for (int j = 0; j < 6; j++) store(target + (i * 6 + j) * step, t[j]);
    }
}

static void winograd_filters_kernel(
    const ApusWinograd *w, const float *filters, int turned, float *transformed, int64_t begin, int64_t end)
{
    int64_t step = apus_winograd_filter_matrix(w);
    for (int64_t first = begin; first < end; first += winogradPanel) {
        int64_t width = smaller(winogradPanel, w->outputChannels - first);
        float *panel = transformed + first * w->inputChannels;
        for (int64_t input = 0; input < w->inputChannels; input++) {
            for (int64_t lane = 0; lane < width; lane += vectorWidth) {
                vfloat g[9];
                winograd_gather_filters(w, filters, turned, first + lane, input, g);
                winograd_filter_tile(g, panel + input * width + lane, step);
            }
        }
    }
}

static void winograd_filter_gradient_kernel(
    const ApusWinograd *w, const float *sums, float *filterGradient, int64_t begin, int64_t end)
{
    int64_t step = apus_winograd_filter_matrix(w);
    for (int64_t input = begin; input < end; input++) {
        for (int64_t output = 0; output < w->outputChannels; output += vectorWidth) {
            const float *source = sums + input * w->outputChannels + output;
            vfloat columns[18], g[9];
            APUS_UNROLL
            for (int j = 0; j < 6; j++) {
                vfloat s[6], t[3];
                APUS_UNROLL
                for (int i = 0; i < 6; i++) s[i] = load(source + (i * 6 + j) * step);
                winograd_filter_gradient_transform(s, t);
                APUS_UNROLL
                for (int i = 0; i < 3; i++) columns[i * 6 + j] = t[i];
            }
            float taps[9][vectorWidth];
            APUS_UNROLL
            for (int i = 0; i < 3; i++) {
                winograd_filter_gradient_transform(columns + i * 6, g + i * 3);
                APUS_UNROLL
                for (int j = 0; j < 3; j++) store(taps[i * 3 + j], g[i * 3 + j]);
            }
            for (int lane = 0; lane < vectorWidth; lane++) {
                float *target = filterGradient + winograd_filter_offset(w, 0, output + lane, input);
                for (int tap = 0; tap < 9; tap++) target[tap] = taps[tap][lane];
            }
        }
    }
}

#endif
