/// Random numbers of the counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011).
///
/// Block b of a stream, which `seed` and `position` name, is four numbers of 32 bits; element i of a result is number
/// i mod 4 of block i / 4 (the integers: half i mod 2 of block i / 2). So each element is a function of its place alone,
/// and the same on any number of threads and any instruction set. Each function makes the elements [begin, end), where
/// `begin` is a multiple of APUS_RANDOM_GRAIN; arguments point to element 0.
#ifndef APUS_RANDOM_H
#define APUS_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /// Four vectors of the widest instruction set.
    APUS_RANDOM_GRAIN = 64,
};

/// Evenly spread over low ≤ x < high: low + (high - low) · u in double precision for u of 24 bits in [0, 1), rounded
/// once and kept within [least, last], the range's smallest and largest float.
void apus_random_uniform(
    uint64_t seed, uint64_t position, double low, double high, float least, float last, float *y, int64_t begin,
    int64_t end);

/// mean + deviation · √(-2 ln u) · (cos 2πv, sin 2πv), by the method of Box and Muller (1958); u of 32 bits in (0, 1]
/// and v of 24 bits in [0, 1) are the numbers of a pair of elements.
void apus_random_normal(
    uint64_t seed, uint64_t position, float mean, float deviation, float *y, int64_t begin, int64_t end);

/// 1 where the element's number is below `threshold` (0 to 2³²), else 0.
void apus_random_bernoulli(
    uint64_t seed, uint64_t position, uint64_t threshold, float *y, int64_t begin, int64_t end);

/// x · scale where the element's number is below `threshold` (0 to 2³²), else x · 0, which is NaN for infinities. y may
/// be x.
void apus_random_dropout(
    uint64_t seed, uint64_t position, uint64_t threshold, float scale, const float *x, float *y, int64_t begin,
    int64_t end);

/// low + ⌊range · f⌋ for f of 64 bits in [0, 1), two elements of a block.
void apus_random_integers(
    uint64_t seed, uint64_t position, int64_t low, uint64_t range, int64_t *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
