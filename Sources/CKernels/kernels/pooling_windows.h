/// What max and average pooling share: the windows of an output, and rows of working memory with padding around them.
///
/// Both pool a window's rows first, all columns of the plane at a time, into one padded row; then the windows along that
/// row. Its element t stands for column t - padding.
#ifndef APUS_POOLING_WINDOWS_H
#define APUS_POOLING_WINDOWS_H

#include "../include/pooling.h"
#include "vector.h"

#if APUS_VECTOR_WIDTH == 16
/// Elements 0, 2, 4, … of two vectors side by side.
#define APUS_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
/// The first halves of two vectors, element by element in turn; and their second halves.
#define APUS_ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define APUS_ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif APUS_VECTOR_WIDTH == 8
#define APUS_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define APUS_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define APUS_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define APUS_EVEN 0, 2, 4, 6
#define APUS_ZIP_LOW 0, 4, 1, 5
#define APUS_ZIP_HIGH 2, 6, 3, 7
#endif

typedef int32_t vint_unaligned __attribute__((ext_vector_type(APUS_VECTOR_WIDTH), aligned(4), may_alias));

APUS_INLINE vint load_ints(const int32_t *p) { return *(const vint_unaligned *)p; }
APUS_INLINE void store_ints(int32_t *p, vint v) { *(vint_unaligned *)p = v; }

/// A vector of every `stride`-th element from p on; the stride is 1 or 2.
APUS_INLINE vfloat load_every(const float *p, const int64_t stride)
{
    if (stride == 1) return load(p);
    return __builtin_shufflevector(load(p), load(p + vectorWidth), APUS_EVEN);
}
APUS_INLINE vint load_every_int(const int32_t *p, const int64_t stride)
{
    if (stride == 1) return load_ints(p);
    return __builtin_shufflevector(load_ints(p), load_ints(p + vectorWidth), APUS_EVEN);
}

/// Writes a, or a and b in turn where the stride is 2.
APUS_INLINE void store_every(float *p, const int64_t stride, vfloat a, vfloat b)
{
    if (stride == 1) {
        store(p, a);
        return;
    }
    store(p, __builtin_shufflevector(a, b, APUS_ZIP_LOW));
    store(p + vectorWidth, __builtin_shufflevector(a, b, APUS_ZIP_HIGH));
}

/// A vector from p on, of which only the elements before `end` are read; the others are 0.
APUS_INLINE vfloat load_before(const float *p, const float *end)
{
    if (p + vectorWidth <= end) return load(p);
    float lanes[vectorWidth] = {0};
    for (int i = 0; p + i < end; i++) lanes[i] = p[i];
    return load(lanes);
}

APUS_INLINE void store_some(float *p, vfloat v, int64_t count)
{
    if (count >= vectorWidth) {
        store(p, v);
        return;
    }
    float lanes[vectorWidth];
    store(lanes, v);
    for (int64_t i = 0; i < count; i++) p[i] = lanes[i];
}

/// 0, 1, 2, …
APUS_INLINE vint vector_places(void)
{
    vint places;
    APUS_UNROLL
    for (int i = 0; i < vectorWidth; i++) places[i] = i;
    return places;
}

/// Elements begin, begin + step, … before end.
typedef struct {
    int64_t begin, end, step;
} PoolRange;

/// Whether the dimension has one element and one window, which is that element.
APUS_INLINE int is_whole(const ApusPoolingAxis *a) { return a->input == 1 && a->output == 1 && a->padding == 0; }

/// Whether the range has one element.
APUS_INLINE int is_single(PoolRange r) { return r.begin < r.end && r.begin + r.step >= r.end; }

/// The elements of a window that lie inside of the input; none where begin ≥ end.
APUS_INLINE PoolRange pool_range(const ApusPoolingAxis *a, int64_t output)
{
    PoolRange r = {0, 0, 1};
    if (a->kernel == 0) {
        r.begin = output * a->input / a->output;
        r.end = ((output + 1) * a->input + a->output - 1) / a->output;
        return r;
    }
    int64_t start = output * a->stride - a->padding;
    r.step = a->dilation;
    r.begin = start < 0 ? start + (-start + a->dilation - 1) / a->dilation * a->dilation : start;
    r.end = smaller(a->input, start + (a->kernel - 1) * a->dilation + 1);
    return r;
}

/// What a window counts along one dimension: the elements inside of the input, or of the input with its padding. The
/// padded input ends `padding` behind the input, where PyTorch clips a window of ceil mode.
APUS_INLINE int64_t pool_count(const ApusPoolingAxis *a, int64_t output, int countIncludePad)
{
    if (a->kernel != 0 && countIncludePad) {
        int64_t start = output * a->stride - a->padding;
        return smaller(start + a->kernel, a->input + a->padding) - start;
    }
    PoolRange r = pool_range(a, output);
    return r.end - r.begin;
}

/// The working memory of a call: three rows, and how they are laid out.
typedef struct {
    float *first, *second, *third;
    /// Floats of a row.
    int64_t length;
    /// Where column 0 is in a row: the padding, where windows are computed a vector at a time.
    int64_t origin;
} PoolScratch;

APUS_INLINE PoolScratch pool_scratch(const ApusPooling *p, float *memory)
{
    int64_t length = apus_pooling_scratch_floats(p) / 3;
    int64_t origin = apus_pooling_has_vector_rows(p) ? p->width.padding : 0;
    return (PoolScratch){memory, memory + length, memory + 2 * length, length, origin};
}

APUS_INLINE int64_t pool_input_plane(const ApusPooling *p) { return p->depth.input * p->height.input * p->width.input; }
APUS_INLINE int64_t pool_output_plane(const ApusPooling *p)
{
    return p->depth.output * p->height.output * p->width.output;
}

/// destination[i] += source[i]
APUS_INLINE void add_row(float *restrict destination, const float *restrict source, int64_t count)
{
    for (int64_t i = 0; i < count; i++) destination[i] += source[i];
}

#endif
