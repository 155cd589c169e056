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

/// Where a vector of a tile's channels is read.
typedef struct WinogradSource {
    const float *first;
    int64_t rowStep, columnStep;
} WinogradSource;

/// The tensor itself, or for a tile that reaches beyond it a copy of the part inside; the rest of the copy is zero already.
APUS_INLINE WinogradSource winograd_source(
    WinogradSource tensor, WinogradPart part, int isWhole, float *copy, int64_t size)
{
    if (isWhole) return tensor;
    for (int64_t i = part.top; i < part.bottom; i++) {
        for (int64_t j = part.left; j < part.right; j++) {
            store(
                copy + (i * size + j) * vectorWidth, load(tensor.first + i * tensor.rowStep + j * tensor.columnStep));
        }
    }
    return (WinogradSource){copy, size * vectorWidth, vectorWidth};
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

#define APUS_WINOGRAD_INPUT(i, j) load(source.first + (i)*source.rowStep + (j)*source.columnStep)

/// The first three rows of Bᵀ d B of a tile; the address of the fourth's matrices. The numbers are read where they are
/// used: 36 do not fit into registers, and loads are cheaper than storing sums and loading those.
APUS_INLINE float *winograd_input_first(WinogradSource source, float *target, int64_t step)
{
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
    return winograd_input_row(b, target, step);
}

/// The last three rows.
APUS_INLINE void winograd_input_last(WinogradSource source, float *target, int64_t step)
{
    vfloat a[6], b[6];
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
}

#undef APUS_WINOGRAD_INPUT

static void winograd_input_kernel(
    const ApusWinograd *w, ApusWinogradHalf half, const float *input, float *transformed, int64_t rows, int64_t begin,
    int64_t end)
{
    int64_t plane = w->inputHeight * w->inputWidth, step = apus_winograd_matrix(rows, w->inputChannels);
    // A tile that reaches beyond the tensor, with zeros there.
    _Alignas(64) float padded[36 * vectorWidth];
    for (int64_t index = begin; index < end; index++) {
        WinogradTile tile = winograd_tile(w, index);
        int64_t row = tile.row - w->paddingTop, column = tile.column - w->paddingLeft;
        WinogradPart part = winograd_part(row, column, 6, w->inputHeight, w->inputWidth);
        int isWhole = winograd_is_whole(part, 6);
        int64_t rowStep = w->inputWidth * w->channelBlock;
        const float *image = input + tile.image * w->inputChannels * plane + row * rowStep + column * w->channelBlock;
        float *target = transformed + (index - begin) * apus_winograd_row(w->inputChannels);
        if (!isWhole) memset(padded, 0, sizeof padded);
        for (int64_t c = 0; c < w->inputChannels; c += vectorWidth) {
            WinogradSource tensor = {image + winograd_channel(w, c, plane), rowStep, w->channelBlock};
            WinogradSource source = winograd_source(tensor, part, isWhole, padded, 6);
            float *matrix = target + c;
            if (half != ApusWinogradLastHalf) matrix = winograd_input_first(source, matrix, step);
            if (half != ApusWinogradFirstHalf) winograd_input_last(source, matrix, step);
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

/// A row of A dy, times Aᵀ, into the row's six matrices; the address of the next row's.
APUS_INLINE float *winograd_gradient_row(const vfloat row[4], float *target, int64_t step)
{
    vfloat t[6];
    winograd_gradient_transform(row, t);
    APUS_UNROLL
    for (int j = 0; j < 6; j++) store(target + j * step, t[j]);
    target += 6 * step;
    APUS_WINOGRAD_ADDRESS(target);
    return target;
}

#define APUS_WINOGRAD_GRADIENT(i, j) load(source.first + (i)*source.rowStep + (j)*source.columnStep)

/// The first three rows of A dy Aᵀ; the address of the fourth's matrices.
APUS_INLINE float *winograd_gradient_first(WinogradSource source, float *target, int64_t step)
{
    vfloat a[4], b[4];
    APUS_UNROLL
    for (int j = 0; j < 4; j++) a[j] = APUS_WINOGRAD_GRADIENT(0, j);
    target = winograd_gradient_row(a, target, step);
    APUS_UNROLL
    for (int j = 0; j < 4; j++) {
        winograd_gradient_pair(
            winogradP, winogradPP, APUS_WINOGRAD_GRADIENT(0, j), APUS_WINOGRAD_GRADIENT(1, j),
            APUS_WINOGRAD_GRADIENT(2, j), APUS_WINOGRAD_GRADIENT(3, j), a + j, b + j);
    }
    target = winograd_gradient_row(a, target, step);
    return winograd_gradient_row(b, target, step);
}

/// The last three rows, and the tile's sum.
APUS_INLINE void winograd_gradient_last(WinogradSource source, float *target, int64_t step)
{
    vfloat a[4], b[4], sum = splat(0.0f);
    APUS_UNROLL
    for (int j = 0; j < 4; j++) {
        vfloat y[4] = {
            APUS_WINOGRAD_GRADIENT(0, j), APUS_WINOGRAD_GRADIENT(1, j), APUS_WINOGRAD_GRADIENT(2, j),
            APUS_WINOGRAD_GRADIENT(3, j)};
        sum += (y[0] + y[1]) + (y[2] + y[3]);
        winograd_gradient_pair(winogradQ, winogradQQ, y[0], y[1], y[2], y[3], a + j, b + j);
    }
    target = winograd_gradient_row(a, target, step);
    target = winograd_gradient_row(b, target, step);
    APUS_UNROLL
    for (int j = 0; j < 4; j++) a[j] = APUS_WINOGRAD_GRADIENT(3, j);
    target = winograd_gradient_row(a, target, step);
    store(target, sum);
}

#undef APUS_WINOGRAD_GRADIENT

static void winograd_output_gradient_kernel(
    const ApusWinograd *w, ApusWinogradHalf half, const float *gradient, float *transformed, int64_t rows,
    int64_t begin, int64_t end)
{
    int64_t plane = w->outputHeight * w->outputWidth, step = apus_winograd_matrix(rows, w->outputChannels);
    // A tile that reaches beyond the tensor, with zeros there.
    _Alignas(64) float padded[16 * vectorWidth];
    for (int64_t index = begin; index < end; index++) {
        WinogradTile tile = winograd_tile(w, index);
        WinogradPart part = winograd_part(tile.row, tile.column, 4, w->outputHeight, w->outputWidth);
        int isWhole = winograd_is_whole(part, 4);
        int64_t rowStep = w->outputWidth * w->channelBlock;
        const float *image = gradient + tile.image * w->allOutputs * plane + tile.row * rowStep
            + tile.column * w->channelBlock;
        float *target = transformed + (index - begin) * apus_winograd_row(w->outputChannels);
        if (!isWhole) memset(padded, 0, sizeof padded);
        for (int64_t c = 0; c < w->outputChannels; c += vectorWidth) {
            WinogradSource tensor = {image + winograd_channel(w, w->firstOutput + c, plane), rowStep, w->channelBlock};
            WinogradSource source = winograd_source(tensor, part, isWhole, padded, 4);
            float *matrix = target + c;
            if (half != ApusWinogradLastHalf) matrix = winograd_gradient_first(source, matrix, step);
            if (half != ApusWinogradFirstHalf) winograd_gradient_last(source, matrix, step);
        }
    }
}

#endif
