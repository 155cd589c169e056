/// Winograd's transforms of tensors, tile by tile.
#ifndef APUS_WINOGRAD_TILES_H
#define APUS_WINOGRAD_TILES_H

#include "../include/winograd.h"
#include "add_activate.h"
#include "winograd_transforms.h"

/// Rows [top, bottom) and columns [left, right) of a tile that lie inside a tensor.
typedef struct WinogradPart {
    int64_t top, bottom, left, right;
} WinogradPart;

APUS_INLINE WinogradPart winograd_part(int64_t row, int64_t column, int64_t size, int64_t height, int64_t width)
{
    return (WinogradPart){
        larger(0, -row), smaller(size, height - row), larger(0, -column), smaller(size, width - column)};
}

APUS_INLINE int winograd_is_whole(WinogradPart part, int64_t size)
{
    return part.top == 0 && part.left == 0 && part.bottom == size && part.right == size;
}

/// A row of Bᵀ d, times B, into the row's six matrices; the address of the next row's.
APUS_INLINE float *winograd_input_row(const vfloat row[6], float *target, int64_t step)
{
    vfloat t[6];
    winograd_input_transform(row, t);
    APUS_UNROLL
    for (int j = 0; j < 6; j++) store(target + j * step, t[j]);
    target += 6 * step;
    APUS_WINOGRAD_ADDRESS(target);
    return target;
}

/// Bᵀ d B of a tile whose numbers are read where they are used: 36 do not fit into registers, and loads are cheaper than
/// storing sums and loading those.
APUS_INLINE void winograd_input_tile(
    const float *source, int64_t rowStep, int64_t columnStep, float *target, int64_t step)
{
#define APUS_WINOGRAD_INPUT(i, j) load(source + (i)*rowStep + (j)*columnStep)
    vfloat a[6], b[6];
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        a[j] = winograd_input_end(APUS_WINOGRAD_INPUT(0, j), APUS_WINOGRAD_INPUT(2, j), APUS_WINOGRAD_INPUT(4, j));
    }
    target = winograd_input_row(a, target, step);
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        winograd_input_pair(
            winogradQQ, winogradP, APUS_WINOGRAD_INPUT(1, j), APUS_WINOGRAD_INPUT(2, j), APUS_WINOGRAD_INPUT(3, j),
            APUS_WINOGRAD_INPUT(4, j), a + j, b + j);
    }
    target = winograd_input_row(a, target, step);
    target = winograd_input_row(b, target, step);
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        winograd_input_pair(
            winogradPP, winogradQ, APUS_WINOGRAD_INPUT(1, j), APUS_WINOGRAD_INPUT(2, j), APUS_WINOGRAD_INPUT(3, j),
            APUS_WINOGRAD_INPUT(4, j), a + j, b + j);
    }
    target = winograd_input_row(a, target, step);
    target = winograd_input_row(b, target, step);
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        a[j] = winograd_input_end(APUS_WINOGRAD_INPUT(1, j), APUS_WINOGRAD_INPUT(3, j), APUS_WINOGRAD_INPUT(5, j));
    }
    winograd_input_row(a, target, step);
#undef APUS_WINOGRAD_INPUT
}

static void winograd_input_kernel(
    const ApusWinograd *w, const float *input, float *transformed, int64_t rows, int64_t begin, int64_t end)
{
    int64_t plane = w->inputHeight * w->inputWidth, rowStep = w->inputWidth * w->channelBlock;
    int64_t step = apus_winograd_matrix(rows, w->inputChannels);
    // A tile that reaches beyond the tensor, with zeros there.
    _Alignas(64) float padded[36 * vectorWidth];
    for (int64_t index = begin; index < end; index++) {
        WinogradTile tile = winograd_tile(w, index);
        int64_t row = tile.row - w->paddingTop, column = tile.column - w->paddingLeft;
        WinogradPart part = winograd_part(row, column, 6, w->inputHeight, w->inputWidth);
        int isWhole = winograd_is_whole(part, 6);
        const float *source = input + tile.image * w->inputChannels * plane + row * rowStep + column * w->channelBlock;
        float *target = transformed + (index - begin) * apus_winograd_row(w->inputChannels);
        if (!isWhole) memset(padded, 0, sizeof padded);
        for (int64_t c = 0; c < w->inputChannels; c += vectorWidth) {
            const float *channel = source + winograd_channel(w, c, plane);
            if (isWhole) {
                winograd_input_tile(channel, rowStep, w->channelBlock, target + c, step);
                continue;
            }
            for (int64_t i = part.top; i < part.bottom; i++) {
                for (int64_t j = part.left; j < part.right; j++) {
                    store(padded + (i * 6 + j) * vectorWidth, load(channel + i * rowStep + j * w->channelBlock));
                }
            }
            winograd_input_tile(padded, 6 * vectorWidth, vectorWidth, target + c, step);
        }
    }
}

/// Aᵀ m A + b.
APUS_INLINE void winograd_output_tile(const float *source, int64_t step, vfloat bias, vfloat y[16])
{
    vfloat columns[24];
    APUS_UNROLL
    for (int j = 0; j < 6; j++) {
        vfloat m[6], t[4];
        APUS_UNROLL
        for (int i = 0; i < 6; i++) m[i] = load(source + i * 6 * step);
        source += step;
        APUS_WINOGRAD_ADDRESS(source);
        winograd_output_transform(m, t);
        APUS_UNROLL
        for (int i = 0; i < 4; i++) columns[i * 6 + j] = t[i];
    }
    APUS_UNROLL
    for (int i = 0; i < 4; i++) {
        winograd_output_transform(columns + i * 6, y + i * 4);
        APUS_UNROLL
        for (int j = 0; j < 4; j++) y[i * 4 + j] += bias;
    }
}

/// Adds the part of a tile that is inside.
APUS_INLINE void winograd_add(
    const float *addend, int64_t rowStep, int64_t columnStep, int isWhole, WinogradPart part, vfloat y[16])
{
    if (isWhole) {
        APUS_UNROLL
        for (int i = 0; i < 16; i++) y[i] += load(addend + i / 4 * rowStep + i % 4 * columnStep);
        return;
    }
    for (int64_t i = 0; i < part.bottom; i++) {
        for (int64_t j = 0; j < part.right; j++) y[i * 4 + j] += load(addend + i * rowStep + j * columnStep);
    }
}

static void winograd_output_kernel(
    const ApusWinograd *w, const float *products, const float *bias, const float *addend, ApusActivation activation,
    float *output, int64_t rows, int64_t begin, int64_t end)
{
    int64_t plane = w->outputHeight * w->outputWidth, rowStep = w->outputWidth * w->channelBlock;
    int64_t step = apus_winograd_matrix(rows, w->outputChannels);
    for (int64_t index = begin; index < end; index++) {
        WinogradTile tile = winograd_tile(w, index);
        WinogradPart part = winograd_part(tile.row, tile.column, 4, w->outputHeight, w->outputWidth);
        int isWhole = winograd_is_whole(part, 4);
        const float *source = products + (index - begin) * apus_winograd_row(w->outputChannels);
        int64_t place = tile.image * w->allOutputs * plane + tile.row * rowStep + tile.column * w->channelBlock;
        for (int64_t c = 0; c < w->outputChannels; c += vectorWidth) {
            vfloat y[16];
            winograd_output_tile(source + c, step, bias ? load(bias + w->firstOutput + c) : splat(0.0f), y);
            int64_t offset = place + winograd_channel(w, w->firstOutput + c, plane);
            if (addend) winograd_add(addend + offset, rowStep, w->channelBlock, isWhole, part, y);
            if (activation != ApusActivationNone) {
                for (int i = 0; i < 16; i++) y[i] = vector_activate(y[i], activation);
            }
            float *channel = output + offset;
            if (isWhole) {
                APUS_UNROLL
                for (int i = 0; i < 16; i++) store(channel + i / 4 * rowStep + i % 4 * w->channelBlock, y[i]);
                continue;
            }
            for (int64_t i = 0; i < part.bottom; i++) {
                float *row = channel + i * rowStep;
                for (int64_t j = 0; j < part.right; j++) store(row + j * w->channelBlock, y[i * 4 + j]);
            }
        }
    }
}

/// The sixteen numbers of a tile, with zeros around the part that is inside.
APUS_INLINE void winograd_load(
    const float *source, int64_t rowStep, int64_t columnStep, int isWhole, WinogradPart part, vfloat tile[16])
{
    if (isWhole) {
        APUS_UNROLL
        for (int i = 0; i < 16; i++) tile[i] = load(source + i / 4 * rowStep + i % 4 * columnStep);
        return;
    }
    for (int i = 0; i < 16; i++) tile[i] = splat(0.0f);
    for (int64_t i = part.top; i < part.bottom; i++) {
        for (int64_t j = part.left; j < part.right; j++) {
            tile[i * 4 + j] = load(source + i * rowStep + j * columnStep);
        }
    }
}

/// A dy Aᵀ, and the tile's sum.
APUS_INLINE void winograd_gradient_tile(const vfloat dy[16], float *target, int64_t step)
{
    vfloat columns[24];
    vfloat sum = splat(0.0f);
    APUS_UNROLL
    for (int j = 0; j < 4; j++) {
        vfloat line[4] = {dy[j], dy[4 + j], dy[8 + j], dy[12 + j]}, t[6];
        sum += (line[0] + line[1]) + (line[2] + line[3]);
        winograd_gradient_transform(line, t);
        APUS_UNROLL
        for (int i = 0; i < 6; i++) columns[i * 4 + j] = t[i];
    }
    APUS_UNROLL
    for (int i = 0; i < 6; i++) {
        vfloat t[6];
        winograd_gradient_transform(columns + i * 4, t);
        APUS_UNROLL
        for (int j = 0; j < 6; j++) store(target + j * step, t[j]);
        target += 6 * step;
        APUS_WINOGRAD_ADDRESS(target);
    }
    store(target, sum);
}

static void winograd_output_gradient_kernel(
    const ApusWinograd *w, const float *gradient, float *transformed, int64_t rows, int64_t begin, int64_t end)
{
    int64_t plane = w->outputHeight * w->outputWidth, rowStep = w->outputWidth * w->channelBlock;
    int64_t step = apus_winograd_matrix(rows, w->outputChannels);
    for (int64_t index = begin; index < end; index++) {
        WinogradTile tile = winograd_tile(w, index);
        WinogradPart part = winograd_part(tile.row, tile.column, 4, w->outputHeight, w->outputWidth);
        int isWhole = winograd_is_whole(part, 4);
        const float *source = gradient + tile.image * w->allOutputs * plane + tile.row * rowStep
            + tile.column * w->channelBlock;
        float *target = transformed + (index - begin) * apus_winograd_row(w->outputChannels);
        for (int64_t c = 0; c < w->outputChannels; c += vectorWidth) {
            vfloat dy[16];
            const float *channel = source + winograd_channel(w, w->firstOutput + c, plane);
            winograd_load(channel, rowStep, w->channelBlock, isWhole, part, dy);
            winograd_gradient_tile(dy, target + c, step);
        }
    }
}

#endif
