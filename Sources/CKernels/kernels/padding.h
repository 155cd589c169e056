/// Padding by a value or by copies of elements.
#ifndef APUS_PADDING_KERNEL_H
#define APUS_PADDING_KERNEL_H

#include "../include/padding.h"
#include "vector.h"

/// The places of a row: its index in each dimension but the last.
static void pad_row_index(int rank, const int64_t *shape, int64_t row, int64_t *index)
{
    for (int d = rank - 2; d >= 0; d--) {
        index[d] = row % shape[d];
        row /= shape[d];
    }
}

/// The places of the next row.
APUS_INLINE void pad_next_row(int rank, const int64_t *shape, int64_t *index)
{
    for (int d = rank - 2; d >= 0; d--) {
        if (++index[d] < shape[d]) return;
        index[d] = 0;
    }
}

/// The input row of an output row; -1 where the value stands.
APUS_INLINE int64_t pad_source_row(const ApusPadding *p, const int32_t *sources, const int64_t *index)
{
    int64_t row = 0;
    for (int d = 0; d + 1 < p->rank; d++) {
        int64_t source = sources[index[d]];
        if (source < 0) return -1;
        row = row * p->inputShape[d] + source;
        sources += p->outputShape[d];
    }
    return row;
}

/// The sources of the last dimension, which stand behind all others.
APUS_INLINE const int32_t *pad_column_sources(const ApusPadding *p, const int32_t *sources)
{
    for (int d = 0; d + 1 < p->rank; d++) sources += p->outputShape[d];
    return sources;
}

#define APUS_PAD_ROWS(type)                                                                                            \
    static void pad_rows_##type(                                                                                       \
        const ApusPadding *p, const int32_t *sources, type value, const type *input, type *output, int64_t begin,      \
        int64_t end)                                                                                                   \
    {                                                                                                                  \
        int64_t index[APUS_MAX_RANK];                                                                                  \
        pad_row_index(p->rank, p->outputShape, begin, index);                                                          \
        const int32_t *columns = pad_column_sources(p, sources);                                                       \
        int64_t width = p->outputShape[p->rank - 1], middle = p->middleEnd - p->middleBegin;                           \
        for (int64_t row = begin; row < end; row++, pad_next_row(p->rank, p->outputShape, index)) {                    \
            type *restrict to = output + row * width;                                                                  \
            int64_t source = pad_source_row(p, sources, index);                                                        \
            if (source < 0) {                                                                                          \
                for (int64_t x = 0; x < width; x++) to[x] = value;                                                     \
                continue;                                                                                              \
            }                                                                                                          \
            const type *restrict from = input + source * p->inputShape[p->rank - 1];                                   \
            for (int64_t x = 0; x < p->middleBegin; x++) to[x] = columns[x] < 0 ? value : from[columns[x]];            \
            copy_bytes(to + p->middleBegin, from + p->middleSource, (size_t)middle * sizeof(type));                    \
            for (int64_t x = p->middleEnd; x < width; x++) to[x] = columns[x] < 0 ? value : from[columns[x]];          \
        }                                                                                                              \
    }

APUS_PAD_ROWS(uint8_t)
APUS_PAD_ROWS(uint32_t)
APUS_PAD_ROWS(uint64_t)

static void pad_rows_kernel(
    int elementSize, const ApusPadding *padding, const int32_t *sources, const void *value, const void *input,
    void *output, int64_t begin, int64_t end)
{
    switch (elementSize) {
    case 1: pad_rows_uint8_t(padding, sources, *(const uint8_t *)value, input, output, begin, end); break;
    case 4: pad_rows_uint32_t(padding, sources, *(const uint32_t *)value, input, output, begin, end); break;
    case 8: pad_rows_uint64_t(padding, sources, *(const uint64_t *)value, input, output, begin, end); break;
    default: __builtin_trap();
    }
}

/// Adds the gradient of one output row to that of its source row, or begins with it.
static void pad_gradient_row(
    const ApusPadding *p, const int32_t *restrict columns, const float *restrict from, float *restrict to, int isFirst)
{
    int64_t inputWidth = p->inputShape[p->rank - 1], width = p->outputShape[p->rank - 1];
    int64_t middle = p->middleEnd - p->middleBegin, sourceEnd = p->middleSource + middle;
    if (isFirst) {
        memset(to, 0, (size_t)p->middleSource * sizeof(float));
        copy_bytes(to + p->middleSource, from + p->middleBegin, (size_t)middle * sizeof(float));
        memset(to + sourceEnd, 0, (size_t)(inputWidth - sourceEnd) * sizeof(float));
    } else {
        for (int64_t x = 0; x < middle; x++) to[p->middleSource + x] += from[p->middleBegin + x];
    }
    for (int64_t x = 0; x < p->middleBegin; x++) to[columns[x]] += from[x];
    for (int64_t x = p->middleEnd; x < width; x++) to[columns[x]] += from[x];
}

static void pad_gradient_rows_kernel(
    const ApusPadding *p, const int32_t *sources, const int32_t *copies, const float *outputGradient,
    float *inputGradient, int64_t begin, int64_t end)
{
    int outer = p->rank - 1;
    const int32_t *starts[APUS_MAX_RANK], *positions[APUS_MAX_RANK];
    for (int d = 0; d < outer; d++) {
        starts[d] = copies;
        positions[d] = copies + p->inputShape[d] + 1;
        copies = positions[d] + p->outputShape[d];
    }
    int64_t index[APUS_MAX_RANK], copy[APUS_MAX_RANK];
    int64_t inputWidth = p->inputShape[outer], width = p->outputShape[outer];
    pad_row_index(p->rank, p->inputShape, begin, index);
    for (int64_t row = begin; row < end; row++, pad_next_row(p->rank, p->inputShape, index)) {
        float *to = inputGradient + row * inputWidth;
        int hasCopies = 1;
        for (int d = 0; d < outer; d++) {
            copy[d] = starts[d][index[d]];
            hasCopies &= copy[d] < starts[d][index[d] + 1];
        }
        if (!hasCopies) {
            // A row that was cropped.
            memset(to, 0, (size_t)inputWidth * sizeof(float));
            continue;
        }
        // All combinations of the copies in each dimension.
        for (int isFirst = 1, d = 0; d >= 0; isFirst = 0) {
            int64_t source = 0;
            for (int k = 0; k < outer; k++) source = source * p->outputShape[k] + positions[k][copy[k]];
            pad_gradient_row(p, sources, outputGradient + source * width, to, isFirst);
            for (d = outer - 1; d >= 0; d--) {
                if (++copy[d] < starts[d][index[d] + 1]) break;
                copy[d] = starts[d][index[d]];
            }
        }
    }
}

#endif
