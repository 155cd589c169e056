/// Pooling of planes in the plain layout.
///
#ifndef APUS_POOLING_KERNEL_H
#define APUS_POOLING_KERNEL_H

#include "../include/pooling.h"
#include "vector.h"

/// Elements 0, 2, 4, … of two vectors that overlap by one element.
#if APUS_VECTOR_WIDTH == 16
#define APUS_EVEN_THEN_ODD 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31
#elif APUS_VECTOR_WIDTH == 8
#define APUS_EVEN_THEN_ODD 0, 2, 4, 6, 9, 11, 13, 15
#else
#define APUS_EVEN_THEN_ODD 0, 2, 5, 7
#endif

/// The output positions [*begin, *end) for which the tap at `offset` from a window's start lies inside the input.
APUS_INLINE void pool_positions(
    int64_t offset, int64_t stride, int64_t padding, int64_t size, int64_t outputSize, int64_t *begin, int64_t *end)
{
    int64_t reach = size - 1 + padding - offset;
    *begin = smaller(outputSize, larger(0, (padding - offset + stride - 1) / stride));
    *end = reach < 0 ? *begin : larger(*begin, smaller(outputSize, reach / stride + 1));
}

/// The first tap of a window that lies inside the input: the index that PyTorch's loop starts with.
APUS_INLINE int64_t first_inside(int64_t start, int64_t dilation)
{
    return start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation;
}

/// A vector of every `stride`-th float from p on; reads nothing behind the last of them.
APUS_INLINE vfloat load_strided(const float *p, int64_t stride)
{
    if (stride == 1) return load(p);
    if (stride == 2) {
        return __builtin_shufflevector(load(p), load(p + vectorWidth - 1), APUS_EVEN_THEN_ODD);
    }
    float lanes[vectorWidth];
    APUS_UNROLL
    for (int i = 0; i < vectorWidth; i++) lanes[i] = p[i * stride];
    return load(lanes);
}

/// The window at (row, column) of a plane, clipped to it: the maximum and its place.
static void max_pool_window(
    const ApusPooling *p, const float *source, int64_t row, int64_t column, float *output, int64_t *index)
{
    int64_t top = first_inside(row, p->dilationHeight), left = first_inside(column, p->dilationWidth);
    int64_t bottom = smaller(p->inputHeight, row + p->kernelHeight * p->dilationHeight);
    int64_t right = smaller(p->inputWidth, column + p->kernelWidth * p->dilationWidth);
    float best = -__builtin_inff();
    // Dilated windows may lie on padding alone.
    int64_t place = top < bottom && left < right ? top * p->inputWidth + left : -1;
    for (int64_t y = top; y < bottom; y += p->dilationHeight) {
        for (int64_t x = left; x < right; x += p->dilationWidth) {
            float value = source[y * p->inputWidth + x];
            int take = (value > best) | (value != value);
            best = take ? value : best;
            place = take ? y * p->inputWidth + x : place;
        }
    }
    *output = best;
    if (index) *index = place;
}

/// A vector of windows side by side, whose columns are all inside the plane.
APUS_INLINE void max_pool_windows(
    const ApusPooling *p, const float *source, int64_t row, int64_t column, const int64_t stride, float *output,
    int64_t *index)
{
    int64_t top = first_inside(row, p->dilationHeight);
    int64_t bottom = smaller(p->inputHeight, row + p->kernelHeight * p->dilationHeight);
    vfloat best = splat(-__builtin_inff());
    // Places relative to the window's first column; the windows' own columns are added at the end.
    vint place = (vint)(int32_t)(top * p->inputWidth);
    for (int64_t y = top; y < bottom; y += p->dilationHeight) {
        for (int64_t kx = 0; kx < p->kernelWidth; kx++) {
            int64_t here = y * p->inputWidth + kx * p->dilationWidth;
            vfloat value = load_strided(source + here + column, stride);
            vint take = (value > best) | (value != value);
            best = take ? value : best;
            place = take ? (vint)(int32_t)here : place;
        }
    }
    store(output, best);
    if (!index) return;
    int32_t places[vectorWidth];
    memcpy(places, &place, sizeof places);
    for (int i = 0; i < vectorWidth; i++) index[i] = top < bottom ? places[i] + column + i * stride : -1;
}

static void max_pool_row(const ApusPooling *p, const float *source, int64_t y, float *output, int64_t *index)
{
    int64_t row = y * p->strideHeight - p->paddingHeight, stride = p->strideWidth;
    int64_t begin, end, unused;
    pool_positions(0, stride, p->paddingWidth, p->inputWidth, p->outputWidth, &begin, &unused);
    pool_positions(
        (p->kernelWidth - 1) * p->dilationWidth, stride, p->paddingWidth, p->inputWidth, p->outputWidth, &unused, &end);
    // Places of a vector are 32-bit.
    if (p->inputHeight * p->inputWidth > INT32_MAX) end = begin;
    for (int64_t x = 0; x < p->outputWidth;) {
        // The last vector overlaps the one before it rather than leave single windows over.
        if (x > begin && x < end && end - begin >= vectorWidth) x = smaller(x, end - vectorWidth);
        int64_t column = x * stride - p->paddingWidth;
        int64_t *places = index ? index + x : NULL;
        if (x < begin || x + vectorWidth > end) {
            max_pool_window(p, source, row, column, output + x, places);
            x++;
            continue;
        }
        // Constant strides choose the loads at compile time.
        if (stride == 1) {
            max_pool_windows(p, source, row, column, 1, output + x, places);
        } else if (stride == 2) {
            max_pool_windows(p, source, row, column, 2, output + x, places);
        } else {
            max_pool_windows(p, source, row, column, stride, output + x, places);
        }
        x += vectorWidth;
    }
}

static void max_pool_forward_kernel(
    const ApusPooling *p, const float *input, float *output, int64_t *index, int64_t begin, int64_t end)
{
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = input + plane * p->inputHeight * p->inputWidth;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            int64_t position = (plane * p->outputHeight + y) * p->outputWidth;
            max_pool_row(p, source, y, output + position, index ? index + position : NULL);
        }
    }
}

static void max_pool_backward_kernel(
    const ApusPooling *p, const float *outputGradient, const int64_t *index, float *inputGradient, int64_t begin,
    int64_t end)
{
    const int64_t inputPlane = p->inputHeight * p->inputWidth, outputPlane = p->outputHeight * p->outputWidth;
    for (int64_t plane = begin; plane < end; plane++) {
        const float *gradient = outputGradient + plane * outputPlane;
        const int64_t *places = index + plane * outputPlane;
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t k = 0; k < outputPlane; k++) destination[places[k]] += gradient[k];
    }
}

/// What the sum of the window at output (y, x) is multiplied by. The padded input ends `padding` behind the input,
/// where PyTorch clips a window of ceil mode.
APUS_INLINE float average_pool_scale(
    const ApusPooling *p, int64_t y, int64_t x, int countIncludePad, int64_t divisorOverride)
{
    if (divisorOverride != 0) return 1.0f / (float)divisorOverride;
    int64_t top = y * p->strideHeight - p->paddingHeight, left = x * p->strideWidth - p->paddingWidth;
    int64_t bottom = smaller(top + p->kernelHeight, p->inputHeight + p->paddingHeight);
    int64_t right = smaller(left + p->kernelWidth, p->inputWidth + p->paddingWidth);
    if (countIncludePad) return 1.0f / (float)((bottom - top) * (right - left));
    bottom = smaller(bottom, p->inputHeight);
    right = smaller(right, p->inputWidth);
    return 1.0f / (float)((bottom - larger(0, top)) * (right - larger(0, left)));
}

/// The output columns [*begin, *end) whose windows lie inside the input: they share their scale along a row.
APUS_INLINE void average_pool_interior(const ApusPooling *p, int64_t *begin, int64_t *end)
{
    int64_t unused;
    pool_positions(0, p->strideWidth, p->paddingWidth, p->inputWidth, p->outputWidth, begin, &unused);
    pool_positions(
        p->kernelWidth - 1, p->strideWidth, p->paddingWidth, p->inputWidth, p->outputWidth, &unused, end);
}

static void average_pool_forward_kernel(
    const ApusPooling *p, int countIncludePad, int64_t divisorOverride, const float *input, float *output,
    int64_t begin, int64_t end)
{
    for (int64_t plane = begin; plane < end; plane++) {
        const float *source = input + plane * p->inputHeight * p->inputWidth;
        for (int64_t y = 0; y < p->outputHeight; y++) {
            float *restrict row = output + (plane * p->outputHeight + y) * p->outputWidth;
            memset(row, 0, (size_t)p->outputWidth * sizeof(float));
            for (int64_t ky = 0; ky < p->kernelHeight; ky++) {
                int64_t sourceY = y * p->strideHeight - p->paddingHeight + ky;
                if (sourceY < 0 || sourceY >= p->inputHeight) continue;
                for (int64_t kx = 0; kx < p->kernelWidth; kx++) {
                    int64_t first, last, stride = p->strideWidth;
                    pool_positions(kx, stride, p->paddingWidth, p->inputWidth, p->outputWidth, &first, &last);
                    const float *restrict tap = source + sourceY * p->inputWidth - p->paddingWidth + kx;
                    if (stride == 2) {
                        for (int64_t x = first; x < last; x++) row[x] += tap[2 * x];
                    } else {
                        for (int64_t x = first; x < last; x++) row[x] += tap[x * stride];
                    }
                }
            }
            int64_t begin, end;
            average_pool_interior(p, &begin, &end);
            for (int64_t x = 0; x < p->outputWidth; x++) {
                if (x == begin && begin < end) {
                    float scale = average_pool_scale(p, y, x, countIncludePad, divisorOverride);
                    for (; x < end; x++) row[x] *= scale;
                    if (x == p->outputWidth) break;
                }
                row[x] *= average_pool_scale(p, y, x, countIncludePad, divisorOverride);
            }
        }
    }
}

enum {
    /// Outputs whose shares are held at a time: 1 KiB.
    sharePiece = 256,
};

/// Adds the shares of the outputs (y, first ..< first + count) to the inputs of their windows.
static void average_pool_share(
    const ApusPooling *p, int countIncludePad, int64_t divisorOverride, const float *row, int64_t y, int64_t first,
    int64_t count, float *destination)
{
    float shares[sharePiece];
    int64_t begin, end, stride = p->strideWidth;
    average_pool_interior(p, &begin, &end);
    float scale = begin < end ? average_pool_scale(p, y, begin, countIncludePad, divisorOverride) : 0.0f;
    for (int64_t x = first; x < first + count; x++) {
        int inside = x >= begin && x < end;
        shares[x - first] = row[x] * (inside ? scale : average_pool_scale(p, y, x, countIncludePad, divisorOverride));
    }
    int64_t top = y * p->strideHeight - p->paddingHeight;
    int64_t bottom = smaller(p->inputHeight, top + p->kernelHeight);
    for (int64_t sy = larger(0, top); sy < bottom; sy++) {
        for (int64_t kx = 0; kx < p->kernelWidth; kx++) {
            pool_positions(kx, stride, p->paddingWidth, p->inputWidth, p->outputWidth, &begin, &end);
            begin = larger(begin, first);
            end = smaller(end, first + count);
            float *restrict tap = destination + sy * p->inputWidth - p->paddingWidth + kx;
            if (stride == 1) {
                for (int64_t x = begin; x < end; x++) tap[x] += shares[x - first];
            } else {
                for (int64_t x = begin; x < end; x++) tap[x * stride] += shares[x - first];
            }
        }
    }
}

static void average_pool_backward_kernel(
    const ApusPooling *p, int countIncludePad, int64_t divisorOverride, const float *outputGradient,
    float *inputGradient, int64_t begin, int64_t end)
{
    const int64_t inputPlane = p->inputHeight * p->inputWidth;
    for (int64_t plane = begin; plane < end; plane++) {
        float *destination = inputGradient + plane * inputPlane;
        memset(destination, 0, (size_t)inputPlane * sizeof(float));
        for (int64_t y = 0; y < p->outputHeight; y++) {
            const float *row = outputGradient + (plane * p->outputHeight + y) * p->outputWidth;
            for (int64_t x = 0; x < p->outputWidth; x += sharePiece) {
                int64_t count = smaller(sharePiece, p->outputWidth - x);
                average_pool_share(p, countIncludePad, divisorOverride, row, y, x, count, destination);
            }
        }
    }
}

#endif
