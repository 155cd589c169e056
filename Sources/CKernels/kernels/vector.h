/// Vectors of the instruction set for which this translation unit is compiled.
///
/// APUS_VECTOR_WIDTH (16, 8 or 4 floats) is the width of one register, so that blocks of accumulators stay in registers
/// on each instruction set. Generic vectors need no intrinsics; the compiler lowers them.
#ifndef APUS_VECTOR_H
#define APUS_VECTOR_H

#include <stdint.h>
#include <string.h>

#define APUS_INLINE static inline __attribute__((always_inline))
#define APUS_UNROLL _Pragma("clang loop unroll(full)")

enum { vectorWidth = APUS_VECTOR_WIDTH, lanesWidth = 16, laneVectors = lanesWidth / vectorWidth };

typedef float vfloat __attribute__((ext_vector_type(APUS_VECTOR_WIDTH)));
typedef int32_t vint __attribute__((ext_vector_type(APUS_VECTOR_WIDTH)));
typedef uint32_t vuint __attribute__((ext_vector_type(APUS_VECTOR_WIDTH)));
typedef uint8_t vbyte __attribute__((ext_vector_type(APUS_VECTOR_WIDTH)));
// Half as many numbers of twice the size.
typedef uint64_t vulong __attribute__((ext_vector_type(APUS_VECTOR_WIDTH / 2)));
typedef double vhalfdouble __attribute__((ext_vector_type(APUS_VECTOR_WIDTH / 2)));
typedef float vhalf __attribute__((ext_vector_type(APUS_VECTOR_WIDTH / 2)));
typedef float vfloat_unaligned __attribute__((ext_vector_type(APUS_VECTOR_WIDTH), aligned(4), may_alias));
typedef uint8_t vbyte_unaligned __attribute__((ext_vector_type(APUS_VECTOR_WIDTH), aligned(1), may_alias));

// Shuffles need constant indices, hence one form a width.
#if APUS_VECTOR_WIDTH == 16
#define APUS_LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define APUS_HIGH_HALF(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)
#define APUS_JOIN_HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif APUS_VECTOR_WIDTH == 8
#define APUS_LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1, 2, 3)
#define APUS_HIGH_HALF(v) __builtin_shufflevector(v, v, 4, 5, 6, 7)
#define APUS_JOIN_HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#else
#define APUS_LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1)
#define APUS_HIGH_HALF(v) __builtin_shufflevector(v, v, 2, 3)
#define APUS_JOIN_HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3)
#endif

APUS_INLINE vfloat load(const float *p) { return *(const vfloat_unaligned *)p; }
APUS_INLINE void store(float *p, vfloat v) { *(vfloat_unaligned *)p = v; }
/// Copies bytes between places that do not overlap.
///
/// The C library copies blocks of two kilobytes and more by the processor's string instruction, which is many times
/// slower on some processors where source and destination are not aligned alike: rows moved by a few elements.
APUS_INLINE void copy_bytes(void *restrict target, const void *restrict source, size_t count)
{
    enum { block = 4 * vectorWidth * sizeof(float) };
    const uint8_t *restrict from = source;
    uint8_t *restrict to = target;
    for (; count >= block; count -= block, from += block, to += block) {
        vfloat parts[4];
        memcpy(parts, from, block);
        memcpy(to, parts, block);
    }
    memcpy(to, from, count);
}

/// Copies floats past the caches, but for what does not fill a whole vector of the memory.
static inline void stream_floats(float *target, const float *source, int64_t count)
{
    int64_t i = 0;
    while (i < count && ((uintptr_t)(target + i) & (sizeof(vfloat) - 1)) != 0) {
        target[i] = source[i];
        i++;
    }
    for (; i + vectorWidth <= count; i += vectorWidth) {
        __builtin_nontemporal_store(load(source + i), (vfloat *)(target + i));
    }
    for (; i < count; i++) target[i] = source[i];
}

/// The first `count` floats (fewer than a vector has), and `fill` behind them.
APUS_INLINE vfloat load_part(const float *p, int64_t count, float fill) {
    float lanes[vectorWidth];
    for (int i = 0; i < vectorWidth; i++) lanes[i] = fill;
    memcpy(lanes, p, (size_t)count * sizeof(float));
    return load(lanes);
}

APUS_INLINE void store_part(float *p, int64_t count, vfloat v) {
    float lanes[vectorWidth];
    store(lanes, v);
    memcpy(p, lanes, (size_t)count * sizeof(float));
}

APUS_INLINE vfloat splat(float x) { return (vfloat)x; }
APUS_INLINE vint load_positions(const int32_t *p)
{
    vint v;
    memcpy(&v, p, sizeof v);
    return v;
}
/// The floats at some positions.
APUS_INLINE vfloat gather(const float *p, vint positions)
{
#if APUS_VECTOR_WIDTH == 16
    return (vfloat)__builtin_ia32_gathersiv16sf((vfloat)splat(0.0f), p, positions, (uint16_t)0xffff, 4);
#elif APUS_VECTOR_WIDTH == 8
    return (vfloat)__builtin_ia32_gatherd_ps256((vfloat)splat(0.0f), p, positions, (vfloat)(vint)(-1), 4);
#else
    vfloat v;
    APUS_UNROLL
    for (int i = 0; i < vectorWidth; i++) v[i] = p[positions[i]];
    return v;
#endif
}
APUS_INLINE vint load_bytes(const uint8_t *p) {
    return __builtin_convertvector(*(const vbyte_unaligned *)p, vint);
}
APUS_INLINE void store_bytes(uint8_t *p, vint v) {
    *(vbyte_unaligned *)p = __builtin_convertvector(v, vbyte);
}

APUS_INLINE vuint bits_of(vfloat x) { return (vuint)x; }
APUS_INLINE vfloat float_of(vuint x) { return (vfloat)x; }
/// 1 where the mask (a comparison's result, -1 or 0) is set, else 0.
APUS_INLINE vfloat one_where(vint mask) { return mask ? splat(1.0f) : splat(0.0f); }
/// a·b + c, in one rounding where the instruction set has it.
APUS_INLINE vfloat multiply_add(vfloat a, vfloat b, vfloat c) { return a * b + c; }
APUS_INLINE vfloat absolute(vfloat x) { return float_of(bits_of(x) & 0x7fffffffu); }
APUS_INLINE vfloat with_sign_of(vfloat magnitude, vfloat sign) {
    return float_of((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}
/// The larger, NaN when either is NaN (PyTorch's maximum).
APUS_INLINE vfloat maximum(vfloat a, vfloat b)
{
    // The processor's own maximum gives the second operand where one is NaN.
    vfloat larger = a > b ? a : b;
    return a != a ? a : larger;
}
/// The smaller, NaN when either is NaN (PyTorch's minimum).
APUS_INLINE vfloat minimum(vfloat a, vfloat b)
{
    vfloat smaller = a < b ? a : b;
    return a != a ? a : smaller;
}

/// The sum of the elements, as a balanced tree: the order is fixed and the same on each call.
APUS_INLINE float horizontal_sum(vfloat v) {
    float e[vectorWidth];
    memcpy(e, &v, sizeof e);
    APUS_UNROLL
    for (int half = vectorWidth / 2; half > 0; half /= 2) {
        APUS_UNROLL
        for (int i = 0; i < half; i++) e[i] += e[i + half];
    }
    return e[0];
}

APUS_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
APUS_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/// Splits work into as few blocks as possible, of equal size or one less: the size of the next.
APUS_INLINE int next_block(int64_t remaining, int64_t limit)
{
    int64_t blocks = (remaining + limit - 1) / limit;
    return (int)((remaining + blocks - 1) / blocks);
}

#endif
