/// Philox4x32-10, with a block in four neighbouring lanes, so that numbers come out in the order of the elements.
#ifndef APUS_RANDOM_KERNEL_H
#define APUS_RANDOM_KERNEL_H

#include "../include/random.h"
#include "vector_math.h"

enum {
    /// Vectors made side by side: a round is a chain of a multiplication and three more instructions.
    philoxVectors = 4,
    philoxWidth = philoxVectors * vectorWidth,
    philoxRounds = 10,
};

// Shuffles need constant indices, hence one form a width.
#if APUS_VECTOR_WIDTH == 16
#define APUS_REVERSE_BLOCKS(v) __builtin_shufflevector(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
#define APUS_EVEN_OF(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define APUS_ODD_OF(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define APUS_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define APUS_INTERLEAVE_HIGH(a, b)                                                                                     \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif APUS_VECTOR_WIDTH == 8
#define APUS_REVERSE_BLOCKS(v) __builtin_shufflevector(v, v, 3, 2, 1, 0, 7, 6, 5, 4)
#define APUS_EVEN_OF(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define APUS_ODD_OF(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define APUS_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define APUS_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define APUS_REVERSE_BLOCKS(v) __builtin_shufflevector(v, v, 3, 2, 1, 0)
#define APUS_EVEN_OF(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define APUS_ODD_OF(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#define APUS_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define APUS_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/// Numbers of philoxWidth / 4 blocks from `counter` on.
APUS_INLINE void philox(uint64_t seed, uint64_t counter, vuint numbers[philoxVectors])
{
    // A block is two lanes of 64 bits: the counter, and zero. Its first and third number are their lower halves.
    vulong state[philoxVectors], multiplier = (vulong)0, key = (vulong)0;
    APUS_UNROLL
    for (int lane = 0; lane < vectorWidth / 2; lane++) {
        multiplier[lane] = lane % 2 ? 0xCD9E8D57u : 0xD2511F53u;
        key[lane] = lane % 2 ? seed >> 32 : seed & 0xffffffffu;
        APUS_UNROLL
        for (int v = 0; v < philoxVectors; v++) {
            state[v][lane] = lane % 2 ? 0 : counter + (uint64_t)(v * vectorWidth / 4 + lane / 2);
        }
    }
    vulong increment = (vulong)0;
    APUS_UNROLL
    for (int lane = 0; lane < vectorWidth / 2; lane++) increment[lane] = lane % 2 ? 0xBB67AE85u : 0x9E3779B9u;
    APUS_UNROLL
    for (int round = 0; round < philoxRounds; round++) {
        APUS_UNROLL
        for (int v = 0; v < philoxVectors; v++) {
            vuint product = (vuint)((state[v] & 0xffffffffu) * multiplier);
            state[v] = (vulong)APUS_REVERSE_BLOCKS(product) ^ (state[v] >> 32) ^ key;
        }
        // The halves are added apart: no carry reaches the upper one.
        key = (key + increment) & 0xffffffffu;
    }
    for (int v = 0; v < philoxVectors; v++) numbers[v] = (vuint)state[v];
}

/// Runs `group(numbers, place, result)` for whole groups of elements, the last one by way of a buffer.
#define APUS_FOR_RANDOM_GROUPS(group)                                                                                  \
    for (int64_t i = begin; i < end; i += philoxWidth) {                                                               \
        vuint numbers[philoxVectors];                                                                                  \
        philox(seed, position + (uint64_t)i / 4, numbers);                                                             \
        if (i + philoxWidth <= end) {                                                                                  \
            group(numbers, i, y + i);                                                                                  \
        } else {                                                                                                       \
            float buffer[philoxWidth];                                                                                 \
            group(numbers, i, buffer);                                                                                 \
            memcpy(y + i, buffer, (size_t)(end - i) * sizeof(float));                                                  \
        }                                                                                                              \
    }

APUS_INLINE vhalf uniform_half(vhalf unit, double low, double range)
{
    // The product rounds before the sum, also where the instruction set has both in one: on each machine the same bits.
#pragma STDC FP_CONTRACT OFF
    vhalfdouble product = __builtin_convertvector(unit, vhalfdouble) * range;
    return __builtin_convertvector(product + low, vhalf);
}

APUS_INLINE vfloat unit_floats(vuint numbers)
{
    return __builtin_convertvector((vint)(numbers >> 8), vfloat) * 0x1p-24f;
}

static void random_uniform_kernel(
    uint64_t seed, uint64_t position, double low, double high, float least, float last, float *y, int64_t begin,
    int64_t end)
{
    double range = high - low;
#define APUS_UNIFORM_GROUP(numbers, place, result)                                                                     \
    APUS_UNROLL                                                                                                        \
    for (int v = 0; v < philoxVectors; v++) {                                                                          \
        vfloat unit = unit_floats(numbers[v]);                                                                         \
        vfloat number = APUS_JOIN_HALVES(                                                                              \
            uniform_half(APUS_LOW_HALF(unit), low, range), uniform_half(APUS_HIGH_HALF(unit), low, range));            \
        number = number > last ? splat(last) : number;                                                                 \
        number = number < least ? splat(least) : number;                                                               \
        store(result + v * vectorWidth, number);                                                                       \
    }
    APUS_FOR_RANDOM_GROUPS(APUS_UNIFORM_GROUP)
#undef APUS_UNIFORM_GROUP
}

/// cos 2πv and sin 2πv for v in [0, 1]: the nearest quarter turn exactly, then polynomials on [-π/4, π/4].
APUS_INLINE void cosine_and_sine_of_turns(vfloat v, vfloat *cosine, vfloat *sine)
{
    vint quarter = __builtin_convertvector(v * 4.0f + 0.5f, vint);
    vfloat x = (v * 4.0f - __builtin_convertvector(quarter, vfloat)) * 1.57079632679f;
    vfloat s = x * x;
    vfloat p = multiply_add(splat(-1.9515295891e-4f), s, splat(8.3321608736e-3f));
    p = multiply_add(p, s, splat(-1.6666654611e-1f));
    vfloat near = multiply_add(p * s, x, x);
    vfloat q = multiply_add(splat(2.443315711809948e-5f), s, splat(-1.388731625493765e-3f));
    q = multiply_add(q, s, splat(4.166664568298827e-2f));
    vfloat across = multiply_add(q * s, s, multiply_add(splat(-0.5f), s, splat(1.0f)));
    vint swaps = (quarter & 1) != 0;
    vfloat c = swaps ? near : across, d = swaps ? across : near;
    // The cosine is negative in the second and third quarter, the sine in the third and fourth.
    *cosine = ((quarter + 1) & 2) != 0 ? -c : c;
    *sine = (quarter & 2) != 0 ? -d : d;
}

static void random_normal_kernel(
    uint64_t seed, uint64_t position, float mean, float deviation, float *y, int64_t begin, int64_t end)
{
#define APUS_NORMAL_GROUP(numbers, place, result)                                                                      \
    APUS_UNROLL                                                                                                        \
    for (int v = 0; v < philoxVectors; v += 2) {                                                                       \
        vuint first = APUS_EVEN_OF(numbers[v], numbers[v + 1]), second = APUS_ODD_OF(numbers[v], numbers[v + 1]);            \
        /* All 32 bits count here, for a longer tail. */                                                               \
        vfloat u = __builtin_convertvector(first, vfloat) * 0x1p-32f + 0x1p-33f;                                       \
        vfloat radius = __builtin_elementwise_sqrt(vector_log(u) * -2.0f), cosine, sine;                               \
        cosine_and_sine_of_turns(unit_floats(second), &cosine, &sine);                                                 \
        cosine = multiply_add(radius * cosine, splat(deviation), splat(mean));                                         \
        sine = multiply_add(radius * sine, splat(deviation), splat(mean));                                             \
        store(result + v * vectorWidth, APUS_INTERLEAVE_LOW(cosine, sine));                                            \
        store(result + (v + 1) * vectorWidth, APUS_INTERLEAVE_HIGH(cosine, sine));                                     \
    }
    APUS_FOR_RANDOM_GROUPS(APUS_NORMAL_GROUP)
#undef APUS_NORMAL_GROUP
}

/// Whether a number is below a threshold of at least 1.
APUS_INLINE vint is_below(vuint numbers, uint64_t threshold) { return numbers <= (vuint)(uint32_t)(threshold - 1); }

static void random_bernoulli_kernel(
    uint64_t seed, uint64_t position, uint64_t threshold, float *y, int64_t begin, int64_t end)
{
    if (threshold == 0) {
        for (int64_t i = begin; i < end; i++) y[i] = 0.0f;
        return;
    }
#define APUS_BERNOULLI_GROUP(numbers, place, result)                                                                   \
    APUS_UNROLL                                                                                                        \
    for (int v = 0; v < philoxVectors; v++) {                                                                          \
        store(result + v * vectorWidth, one_where(is_below(numbers[v], threshold)));                                   \
    }
    APUS_FOR_RANDOM_GROUPS(APUS_BERNOULLI_GROUP)
#undef APUS_BERNOULLI_GROUP
}

static void random_dropout_kernel(
    uint64_t seed, uint64_t position, uint64_t threshold, float scale, const float *x, float *y, int64_t begin,
    int64_t end)
{
    if (threshold == 0) {
        for (int64_t i = begin; i < end; i++) y[i] = x[i] * 0.0f;
        return;
    }
    int64_t i = begin;
    for (; i + philoxWidth <= end; i += philoxWidth) {
        vuint numbers[philoxVectors];
        philox(seed, position + (uint64_t)i / 4, numbers);
        APUS_UNROLL
        for (int v = 0; v < philoxVectors; v++) {
            int64_t k = i + v * vectorWidth;
            store(y + k, load(x + k) * (is_below(numbers[v], threshold) ? splat(scale) : splat(0.0f)));
        }
    }
    if (i == end) return;
    vuint numbers[philoxVectors];
    philox(seed, position + (uint64_t)i / 4, numbers);
    uint32_t last[philoxWidth];
    memcpy(last, numbers, sizeof last);
    for (int64_t k = i; k < end; k++) y[k] = x[k] * (last[k - i] < threshold ? scale : 0.0f);
}

static void random_integers_kernel(
    uint64_t seed, uint64_t position, int64_t low, uint64_t range, int64_t *y, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i += philoxWidth / 2) {
        vuint numbers[philoxVectors];
        philox(seed, position + (uint64_t)i / 2, numbers);
        uint32_t words[philoxWidth];
        memcpy(words, numbers, sizeof words);
        for (int64_t k = 0; k < smaller(philoxWidth / 2, end - i); k++) {
            uint64_t fraction = (uint64_t)words[2 * k] << 32 | words[2 * k + 1];
            uint64_t offset = (uint64_t)(((unsigned __int128)fraction * range) >> 64);
            y[i + k] = (int64_t)((uint64_t)low + offset);
        }
    }
}

#endif
