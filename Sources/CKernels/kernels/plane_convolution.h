/// Convolutions with groups of few channels, in the plain layout.
///
/// Each plane is first copied with its padding, split into phases: element z of dimension d goes to phase (z + padding)
/// mod stride, place (z + padding) / stride. Then the inputs of neighbouring outputs are neighbours whatever the stride,
/// and each tap of the kernel is a shift by a fixed distance. Outputs are computed as one long row over the phase's
/// rows, whose ends belong to no output.
#ifndef APUS_PLANE_CONVOLUTION_KERNEL_H
#define APUS_PLANE_CONVOLUTION_KERNEL_H

#include "../include/plane_convolution.h"
#include "plane_sizes.h"
#include "vector.h"

/// Vectors of one row that are computed at once: with one channel, and with several.
enum { planeVectors = 8, planeSharedVectors = 4 };
/// Channels that share the loads of a row.
enum { planeChannels = vectorWidth == 16 ? 4 : 2 };
/// Taps whose sums are kept in registers.
enum { planeTaps = 10 };

/// Copies one plane into its phases; what is not there is 0.
static void split_plane(const ApusPlaneConvolution *c, const PlaneSizes *s, const float *plane, float *phases)
{
    memset(phases, 0, (size_t)(s->plane + planeSlack) * sizeof(float));
    int64_t stride = c->stride[2], padding = c->padding[2];
    for (int64_t z = 0; z < c->input[0]; z++) {
        int64_t depth = z + c->padding[0];
        if (depth >= s->reach[0]) break;
        for (int64_t y = 0; y < c->input[1]; y++) {
            int64_t line = y + c->padding[1];
            if (line >= s->reach[1]) break;
            const float *source = plane + (z * c->input[1] + y) * c->input[2];
            int64_t phase = depth % c->stride[0] * c->stride[1] + line % c->stride[1];
            int64_t row = (depth / c->stride[0] * s->extent[1] + line / c->stride[1]) * s->extent[2];
            int64_t count = smaller(c->input[2], s->reach[2] - padding);
            if (stride == 1) {
                if (count > 0) memcpy(phases + phase * s->phase + row + padding, source, (size_t)count * sizeof(float));
                continue;
            }
            for (int64_t shift = 0; shift < smaller(stride, count); shift++) {
                int64_t place = shift + padding;
                float *target = phases + (phase * stride + place % stride) * s->phase + row + place / stride;
                for (int64_t x = shift, i = 0; x < count; x += stride, i++) target[i] = source[x];
            }
        }
    }
}

/// Sums of `terms` products for `channels` rows of `vectors` vectors: row r, element i is
/// Σ weights[r · weightStride + indices[t]] · source[i + shifts[t]] over t.
APUS_INLINE void phase_block(
    int channels, int vectors, const float *source, const int64_t *shifts, const int64_t *indices, int64_t terms,
    const float *weights, int64_t weightStride, float *rows, int64_t rowStride)
{
    vfloat sums[planeChannels][planeVectors];
    APUS_UNROLL
    for (int r = 0; r < channels; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) sums[r][v] = splat(0);
    }
    for (int64_t t = 0; t < terms; t++) {
        const float *shifted = source + shifts[t], *weight = weights + indices[t];
        vfloat x[planeVectors];
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) x[v] = load(shifted + v * vectorWidth);
        APUS_UNROLL
        for (int r = 0; r < channels; r++) {
            vfloat factor = splat(weight[r * weightStride]);
            APUS_UNROLL
            for (int v = 0; v < vectors; v++) sums[r][v] = multiply_add(x[v], factor, sums[r][v]);
        }
    }
    APUS_UNROLL
    for (int r = 0; r < channels; r++) {
        APUS_UNROLL
        for (int v = 0; v < vectors; v++) store(rows + r * rowStride + v * vectorWidth, sums[r][v]);
    }
}

/// ``phase_block`` along whole rows of `length` elements; may write up to `planeSlack` more.
static void phase_rows(
    int channels, const float *source, const int64_t *shifts, const int64_t *indices, int64_t terms,
    const float *weights, int64_t weightStride, float *rows, int64_t rowStride, int64_t length)
{
    if (channels == planeChannels) {
        for (int64_t i = 0; i < length; i += planeSharedVectors * vectorWidth) {
            phase_block(
                planeChannels, planeSharedVectors, source + i, shifts, indices, terms, weights, weightStride, rows + i,
                rowStride);
        }
        return;
    }
    for (int r = 0; r < channels; r++) {
        for (int64_t i = 0; i < length; i += planeVectors * vectorWidth) {
            phase_block(
                1, planeVectors, source + i, shifts, indices, terms, weights + r * weightStride, 0,
                rows + r * rowStride + i, 0);
        }
    }
}

static void plane_convolution_forward_kernel(
    const ApusPlaneConvolution *c, const float *input, const float *weights, const float *bias, float *output,
    float *scratch, int64_t begin, int64_t end)
{
    PlaneSizes s = plane_sizes(c);
    int64_t terms = c->inputsPerGroup * s.taps, stride = s.plane + planeSlack, rowStride = s.flat + planeSlack;
    int64_t *shifts = (int64_t *)scratch, *indices = shifts + terms;
    float *phases = (float *)(indices + terms), *rows = phases + c->inputsPerGroup * stride;
    for (int64_t t = 0; t < terms; t++) {
        TapPlace tap = tap_place(c, &s, t % s.taps);
        shifts[t] = t / s.taps * stride + tap.phase * s.phase + tap.shift;
        indices[t] = t;
    }
    int64_t inputPlane = plane_count(c->input), outputPlane = plane_count(c->output);
    for (int64_t task = begin; task < end; task++) {
        for (int64_t channel = 0; channel < c->inputsPerGroup; channel++) {
            split_plane(
                c, &s, input + (task * c->inputsPerGroup + channel) * inputPlane, phases + channel * stride);
        }
        int64_t firstOutput = task % c->groups * c->outputsPerGroup;
        for (int64_t o = 0; o < c->outputsPerGroup;) {
            int count = c->outputsPerGroup - o >= planeChannels ? planeChannels : 1;
            phase_rows(
                count, phases, shifts, indices, terms, weights + (firstOutput + o) * terms, terms, rows, rowStride,
                s.flat);
            for (int r = 0; r < count; r++, o++) {
                float shift = bias ? bias[firstOutput + o] : 0;
                float *target = output + (task * c->outputsPerGroup + o) * outputPlane;
                for (int64_t z = 0; z < c->output[0]; z++) {
                    for (int64_t y = 0; y < c->output[1]; y++, target += c->output[2]) {
                        const float *row = rows + r * rowStride + (z * s.extent[1] + y) * s.extent[2];
                        for (int64_t x = 0; x < c->output[2]; x++) target[x] = row[x] + shift;
                    }
                }
            }
        }
    }
}

/// Adds one phase's row of sums to the places of an input plane that it belongs to.
static void join_phase(
    const ApusPlaneConvolution *c, const PlaneSizes *s, int64_t phase, const float *sums, float *plane)
{
    int64_t place[3] = {
        phase / (c->stride[1] * c->stride[2]), phase / c->stride[2] % c->stride[1], phase % c->stride[2]};
    int64_t first[3];
    for (int d = 0; d < 3; d++) {
        int64_t shift = (place[d] - c->padding[d]) % c->stride[d];
        first[d] = shift < 0 ? shift + c->stride[d] : shift;
    }
    for (int64_t z = first[0]; z < c->input[0]; z += c->stride[0]) {
        int64_t depth = (z + c->padding[0]) / c->stride[0];
        if (depth >= s->extent[0]) break;
        for (int64_t y = first[1]; y < c->input[1]; y += c->stride[1]) {
            int64_t line = (y + c->padding[1]) / c->stride[1];
            if (line >= s->extent[1]) break;
            int64_t start = (first[2] + c->padding[2]) / c->stride[2];
            const float *row = sums + (depth * s->extent[1] + line) * s->extent[2] + start;
            float *target = plane + (z * c->input[1] + y) * c->input[2] + first[2];
            int64_t count = smaller(
                s->extent[2] - start, (c->input[2] - first[2] + c->stride[2] - 1) / c->stride[2]);
            for (int64_t i = 0; i < count; i++) target[i * c->stride[2]] += row[i];
        }
    }
}

static void plane_convolution_input_gradient_kernel(
    const ApusPlaneConvolution *c, const float *outputGradient, const float *weights, const float *bias,
    float *inputGradient, float *scratch, int64_t begin, int64_t end)
{
    PlaneSizes s = plane_sizes(c);
    int64_t terms = c->outputsPerGroup * s.taps, stride = s.lead + s.phase + planeSlack;
    int64_t rowStride = s.phase + planeSlack, weightTerms = c->inputsPerGroup * s.taps;
    int64_t *shifts = (int64_t *)scratch, *indices = shifts + terms;
    float *gradients = (float *)(indices + terms), *rows = gradients + c->outputsPerGroup * stride;
    int64_t inputPlane = plane_count(c->input), outputPlane = plane_count(c->output);
    for (int64_t task = begin; task < end; task++) {
        memset(gradients, 0, (size_t)(c->outputsPerGroup * stride) * sizeof(float));
        const float *source = outputGradient + task * c->outputsPerGroup * outputPlane;
        for (int64_t o = 0; o < c->outputsPerGroup; o++) {
            for (int64_t z = 0; z < c->output[0]; z++) {
                for (int64_t y = 0; y < c->output[1]; y++, source += c->output[2]) {
                    float *row = gradients + o * stride + s.lead + (z * s.extent[1] + y) * s.extent[2];
                    memcpy(row, source, (size_t)c->output[2] * sizeof(float));
                }
            }
        }
        int64_t group = task % c->groups;
        float *planes = inputGradient + task * c->inputsPerGroup * inputPlane;
        for (int64_t i = 0; i < c->inputsPerGroup; i++) {
            float start = bias ? bias[group * c->inputsPerGroup + i] : 0;
            for (int64_t x = 0; x < inputPlane; x++) planes[i * inputPlane + x] = start;
        }
        const float *groupWeights = weights + group * c->outputsPerGroup * weightTerms;
        for (int64_t phase = 0; phase < s.phases; phase++) {
            int64_t count = 0;
            for (int64_t t = 0; t < terms; t++) {
                TapPlace tap = tap_place(c, &s, t % s.taps);
                if (tap.phase != phase) continue;
                shifts[count] = t / s.taps * stride + s.lead - tap.shift;
                indices[count++] = t / s.taps * weightTerms + t % s.taps;
            }
            if (count == 0) continue;
            for (int64_t i = 0; i < c->inputsPerGroup;) {
                int block = c->inputsPerGroup - i >= planeChannels ? planeChannels : 1;
                phase_rows(
                    block, gradients, shifts, indices, count, groupWeights + i * s.taps, s.taps, rows, rowStride,
                    s.phase);
                for (int r = 0; r < block; r++, i++) {
                    join_phase(c, &s, phase, rows + r * rowStride, planes + i * inputPlane);
                }
            }
        }
    }
}

/// Adds to `sums` the products of a plane's gradients, in rows of whole vectors, with the inputs of `count` taps.
APUS_INLINE void tap_products(
    int count, const ApusPlaneConvolution *c, const PlaneSizes *s, const float *gradients, int64_t rowVectors,
    const float *phases, const int64_t *shifts, float *sums)
{
    vfloat totals[planeTaps];
    APUS_UNROLL
    for (int t = 0; t < count; t++) totals[t] = splat(0);
    vint lanes, inside;
    APUS_UNROLL
    for (int i = 0; i < vectorWidth; i++) lanes[i] = i;
    // Beyond a row's end stand other inputs, which may be infinite: a gradient of 0 does not make them 0.
    inside = lanes < (vint)(int32_t)(c->output[2] - (rowVectors - 1) * vectorWidth);
    for (int64_t z = 0; z < c->output[0]; z++) {
        for (int64_t y = 0; y < c->output[1]; y++, gradients += rowVectors * vectorWidth) {
            const float *row = phases + (z * s->extent[1] + y) * s->extent[2];
            int64_t last = (rowVectors - 1) * vectorWidth;
            for (int64_t x = 0; x < last; x += vectorWidth) {
                vfloat gradient = load(gradients + x);
                APUS_UNROLL
                for (int t = 0; t < count; t++) {
                    totals[t] = multiply_add(gradient, load(row + x + shifts[t]), totals[t]);
                }
            }
            vfloat gradient = load(gradients + last);
            APUS_UNROLL
            for (int t = 0; t < count; t++) {
                vfloat value = inside ? load(row + last + shifts[t]) : splat(0);
                totals[t] = multiply_add(gradient, value, totals[t]);
            }
        }
    }
    APUS_UNROLL
    for (int t = 0; t < count; t++) sums[t] += horizontal_sum(totals[t]);
}

static void all_tap_products(
    const ApusPlaneConvolution *c, const PlaneSizes *s, const float *gradients, int64_t rowVectors,
    const float *phases, const int64_t *shifts, float *sums)
{
    for (int64_t first = 0; first < s->taps;) {
        int count = next_block(s->taps - first, planeTaps);
#define APUS_TAPS(n)                                                                                                   \
    case n: tap_products(n, c, s, gradients, rowVectors, phases, shifts + first, sums + first); break;
        switch (count) {
            APUS_TAPS(1)
            APUS_TAPS(2)
            APUS_TAPS(3)
            APUS_TAPS(4)
            APUS_TAPS(5)
            APUS_TAPS(6)
            APUS_TAPS(7)
            APUS_TAPS(8)
            APUS_TAPS(9)
            APUS_TAPS(10)
        }
#undef APUS_TAPS
        first += count;
    }
}

static void plane_convolution_weight_gradient_kernel(
    const ApusPlaneConvolution *c, const float *input, const float *outputGradient, float *weightsGradient,
    float *biasGradient, float *scratch, int64_t group, int64_t beginSample, int64_t endSample)
{
    PlaneSizes s = plane_sizes(c);
    int64_t stride = s.plane + planeSlack, rowVectors = (c->output[2] + vectorWidth - 1) / vectorWidth;
    int64_t *shifts = (int64_t *)scratch;
    float *phases = (float *)(shifts + s.taps), *gradients = phases + c->inputsPerGroup * stride;
    for (int64_t t = 0; t < s.taps; t++) {
        TapPlace tap = tap_place(c, &s, t);
        shifts[t] = tap.phase * s.phase + tap.shift;
    }
    int64_t inputPlane = plane_count(c->input), outputPlane = plane_count(c->output);
    int64_t rowCount = c->output[0] * c->output[1], groupWeights = c->inputsPerGroup * s.taps;
    float *sums = weightsGradient + group * c->outputsPerGroup * groupWeights;
    memset(sums, 0, (size_t)(c->outputsPerGroup * groupWeights) * sizeof(float));
    memset(gradients, 0, (size_t)(rowCount * rowVectors * vectorWidth) * sizeof(float));
    if (biasGradient) {
        for (int64_t o = 0; o < c->outputsPerGroup; o++) biasGradient[group * c->outputsPerGroup + o] = 0;
    }
    for (int64_t sample = beginSample; sample < endSample; sample++) {
        int64_t task = sample * c->groups + group;
        for (int64_t i = 0; i < c->inputsPerGroup; i++) {
            split_plane(c, &s, input + (task * c->inputsPerGroup + i) * inputPlane, phases + i * stride);
        }
        for (int64_t o = 0; o < c->outputsPerGroup; o++) {
            const float *source = outputGradient + (task * c->outputsPerGroup + o) * outputPlane;
            for (int64_t row = 0; row < rowCount; row++) {
                memcpy(
                    gradients + row * rowVectors * vectorWidth, source + row * c->output[2],
                    (size_t)c->output[2] * sizeof(float));
            }
            if (biasGradient) {
                vfloat total = splat(0);
                for (int64_t v = 0; v < rowCount * rowVectors; v++) total += load(gradients + v * vectorWidth);
                biasGradient[group * c->outputsPerGroup + o] += horizontal_sum(total);
            }
            for (int64_t i = 0; i < c->inputsPerGroup; i++) {
                all_tap_products(
                    c, &s, gradients, rowVectors, phases + i * stride, shifts, sums + o * groupWeights + i * s.taps);
            }
        }
    }
}

#endif
