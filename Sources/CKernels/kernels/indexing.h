/// Taking and putting elements by position.
#ifndef APUS_INDEXING_KERNEL_H
#define APUS_INDEXING_KERNEL_H

#include "../include/indexing.h"
#include "vector.h"

static void index_out_of_range_kernel(
    const int64_t *index, int64_t size, int32_t *found, int64_t begin, int64_t end)
{
    uint64_t wrong = 0;
    // A negative position is a large one without its sign.
    for (int64_t i = begin; i < end; i++) wrong |= (uint64_t)((uint64_t)index[i] >= (uint64_t)size);
    if (wrong) __atomic_store_n(found, 1, __ATOMIC_RELAXED);
}

/// Gathering and scattering for one element type.
#define APUS_INDEXED_COPIES(type)                                                                                      \
    static void gather_##type(                                                                                         \
        const ApusIndexing *s, const type *x, const int64_t *index, type *y, int64_t begin, int64_t end)               \
    {                                                                                                                  \
        const int64_t inner = s->inner, block = s->count * inner;                                                      \
        for (int64_t p = begin; p < end;) {                                                                            \
            int64_t o = p / block, i = p % inner;                                                                      \
            const type *slice = x + o * s->size * inner;                                                               \
            /* With one element in a slice the whole row is one run. */                                                \
            int64_t run = smaller(end - p, inner == 1 ? (o + 1) * block - p : inner - i);                              \
            const int64_t *at = index + p;                                                                             \
            type *target = y + p;                                                                                      \
            if (inner == 1) {                                                                                          \
                for (int64_t k = 0; k < run; k++) target[k] = slice[at[k]];                                            \
            } else {                                                                                                   \
                const type *column = slice + i;                                                                        \
                for (int64_t k = 0; k < run; k++) target[k] = column[at[k] * inner + k];                               \
            }                                                                                                          \
            p += run;                                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void scatter_##type(                                                                                        \
        const ApusIndexing *s, const type *x, const int64_t *index, type *y, int64_t begin, int64_t end)               \
    {                                                                                                                  \
        const int64_t inner = s->inner, count = s->count;                                                              \
        for (int64_t p = begin; p < end;) {                                                                            \
            int64_t o = p / inner, i = p % inner, run = smaller(end - p, inner - i);                                   \
            type *slice = y + o * s->size * inner + i;                                                                 \
            for (int64_t k = 0; k < count; k++) {                                                                      \
                int64_t from = (o * count + k) * inner + i;                                                            \
                for (int64_t r = 0; r < run; r++) slice[index[from + r] * inner + r] = x[from + r];                    \
            }                                                                                                          \
            p += run;                                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void select_slices_##type(                                                                                  \
        const ApusIndexing *s, const type *x, const int64_t *index, type *y, int64_t begin, int64_t end)               \
    {                                                                                                                  \
        const int64_t inner = s->inner, count = s->count;                                                              \
        for (int64_t p = begin; p < end;) {                                                                            \
            int64_t o = p / count, k = p % count, run = smaller(end - p, count - k);                                   \
            const type *slice = x + o * s->size * inner;                                                               \
            for (int64_t r = 0; r < run; r++) {                                                                        \
                type *target = y + (p + r) * inner;                                                                    \
                const type *source = slice + index[k + r] * inner;                                                     \
                if (inner == 1) {                                                                                      \
                    *target = *source;                                                                                 \
                } else {                                                                                               \
                    copy_bytes(target, source, (size_t)inner * sizeof(type));                                          \
                }                                                                                                      \
            }                                                                                                          \
            p += run;                                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void roll_##type(                                                                                           \
        const ApusIndexing *s, int64_t shift, const type *x, type *y, int64_t begin, int64_t end)                      \
    {                                                                                                                  \
        const int64_t block = s->size * s->inner, head = shift * s->inner;                                             \
        for (int64_t p = begin; p < end;) {                                                                            \
            int64_t o = p / block, within = p % block;                                                                 \
            /* What comes in at the front is the block's tail. */                                                      \
            int isTail = within < head;                                                                                \
            int64_t run = smaller(end - p, isTail ? head - within : block - within);                                   \
            const type *source = x + o * block + within - head + (isTail ? block : 0);                                 \
            copy_bytes(y + p, source, (size_t)run * sizeof(type));                                                     \
            p += run;                                                                                                  \
        }                                                                                                              \
    }

APUS_INDEXED_COPIES(uint8_t)
APUS_INDEXED_COPIES(uint32_t)
APUS_INDEXED_COPIES(uint64_t)

#define APUS_BY_ELEMENT_SIZE(function, ...)                                                                            \
    switch (elementSize) {                                                                                             \
    case 1: function##_uint8_t(__VA_ARGS__); break;                                                                    \
    case 4: function##_uint32_t(__VA_ARGS__); break;                                                                   \
    case 8: function##_uint64_t(__VA_ARGS__); break;                                                                   \
    default: __builtin_trap();                                                                                         \
    }

static void gather_elements_kernel(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end)
{
    APUS_BY_ELEMENT_SIZE(gather, sizes, x, index, y, begin, end)
}

static void scatter_elements_kernel(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end)
{
    APUS_BY_ELEMENT_SIZE(scatter, sizes, x, index, y, begin, end)
}

static void select_slices_kernel(
    const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t begin,
    int64_t end)
{
    APUS_BY_ELEMENT_SIZE(select_slices, sizes, x, index, y, begin, end)
}

static void roll_kernel(
    const ApusIndexing *sizes, int elementSize, int64_t shift, const void *x, void *y, int64_t begin, int64_t end)
{
    APUS_BY_ELEMENT_SIZE(roll, sizes, shift, x, y, begin, end)
}

static void scatter_add_elements_kernel(
    const ApusIndexing *s, const float *x, const int64_t *index, float *y, int64_t begin, int64_t end)
{
    const int64_t inner = s->inner, count = s->count;
    for (int64_t p = begin; p < end;) {
        int64_t o = p / inner, i = p % inner;
        // With one element in a slice all rows are one run.
        int64_t run = inner == 1 ? end - p : smaller(end - p, inner - i);
        float *slice = y + o * s->size * inner + i;
        if (inner == 1) {
            for (int64_t row = o; row < o + run; row++) {
                float *target = y + row * s->size;
                const int64_t *at = index + row * count;
                for (int64_t k = 0; k < count; k++) target[at[k]] += x[row * count + k];
            }
            p += run;
            continue;
        }
        for (int64_t k = 0; k < count; k++) {
            int64_t from = (o * count + k) * inner + i;
            for (int64_t r = 0; r < run; r++) slice[index[from + r] * inner + r] += x[from + r];
        }
        p += run;
    }
}

static void add_slices_kernel(
    const ApusIndexing *s, const float *x, const int64_t *index, int64_t frozen, float *y, int64_t begin, int64_t end)
{
    const int64_t inner = s->inner, count = s->count;
    for (int64_t p = begin; p < end;) {
        int64_t o = p / inner, i = p % inner, run = smaller(end - p, inner - i);
        float *slice = y + o * s->size * inner + i;
        for (int64_t k = 0; k < count; k++) {
            if (index[k] == frozen) continue;
            const float *restrict source = x + (o * count + k) * inner + i;
            float *restrict target = slice + index[k] * inner;
            for (int64_t r = 0; r < run; r++) target[r] += source[r];
        }
        p += run;
    }
}

#endif
