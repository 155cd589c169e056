/// Sorting rows of floats with their positions.
///
/// A number and its position become one integer of 64 bits, whose upper half orders as the numbers do. All such
/// integers differ, so that any way of sorting them keeps equal numbers in order.
#ifndef APUS_SORTING_KERNEL_H
#define APUS_SORTING_KERNEL_H

#include "../include/sorting.h"
#include "vector.h"

enum {
    /// Rows up to this length are sorted by insertion, whose work grows with the square but needs no tables.
    insertionLength = 24,
    /// Three digits of 11 bits make up a key; rows below the second length have tables of 8 bits, cheaper to clear.
    wideDigitLength = 8192,
    /// As many elements as this are kept in order while the row is read once; more are sorted as a whole.
    selectionLength = 48,
};

/// The bits of a number such that unsigned integers order as the numbers do: NaN last, -0 equal to 0.
APUS_INLINE uint32_t ordered_bits(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    uint32_t key = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return x != x ? 0xffffffffu : key;
}

/// One pass of a radix sort by the digit of `bits` bits at `shift`; false where all digits are equal and nothing moves.
APUS_INLINE int radix_pass(
    const uint64_t *restrict from, uint64_t *restrict to, int64_t length, int shift, int bits, uint32_t *restrict table)
{
    const uint64_t mask = (1u << bits) - 1;
    const int64_t tableSize = (int64_t)1 << bits;
    if (table[(from[0] >> shift) & mask] == (uint32_t)length) return 0;
    uint32_t sum = 0;
    for (int64_t d = 0; d < tableSize; d++) {
        uint32_t count = table[d];
        table[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < length; i++) to[table[(from[i] >> shift) & mask]++] = from[i];
    return 1;
}

/// Sorts by the upper halves; the lower halves are ascending already. Returns where the result lies.
static uint64_t *radix_sort(uint64_t *keys, uint64_t *other, int64_t length, uint32_t *tables)
{
    const int wide = length >= wideDigitLength;
    const int bits = wide ? 11 : 8, digits = wide ? 3 : 4;
    const int64_t tableSize = (int64_t)1 << bits;
    memset(tables, 0, (size_t)(digits * tableSize) * sizeof *tables);
    if (wide) {
        for (int64_t i = 0; i < length; i++) {
            uint32_t key = (uint32_t)(keys[i] >> 32);
            tables[key & 2047]++;
            tables[2048 + ((key >> 11) & 2047)]++;
            tables[4096 + (key >> 22)]++;
        }
    } else {
        for (int64_t i = 0; i < length; i++) {
            uint32_t key = (uint32_t)(keys[i] >> 32);
            tables[key & 255]++;
            tables[256 + ((key >> 8) & 255)]++;
            tables[512 + ((key >> 16) & 255)]++;
            tables[768 + (key >> 24)]++;
        }
    }
    for (int digit = 0; digit < digits; digit++) {
        uint32_t *table = tables + digit * tableSize;
        int moved = wide ? radix_pass(keys, other, length, 32 + digit * 11, 11, table)
                         : radix_pass(keys, other, length, 32 + digit * 8, 8, table);
        if (moved) {
            uint64_t *swap = keys;
            keys = other;
            other = swap;
        }
    }
    return keys;
}

static void insertion_sort(uint64_t *keys, int64_t length)
{
    for (int64_t i = 1; i < length; i++) {
        uint64_t key = keys[i];
        int64_t place = i;
        for (; place > 0 && keys[place - 1] > key; place--) keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

/// The smallest `kept` integers in order, at the front of `best`.
static void select_smallest(const uint64_t *keys, int64_t length, int64_t kept, uint64_t *best)
{
    memcpy(best, keys, (size_t)kept * sizeof *best);
    insertion_sort(best, kept);
    uint64_t bound = best[kept - 1];
    for (int64_t i = kept; i < length; i++) {
        uint64_t key = keys[i];
        if (__builtin_expect(key > bound, 1)) continue;
        int64_t place = kept - 1;
        for (; place > 0 && best[place - 1] > key; place--) best[place] = best[place - 1];
        best[place] = key;
        bound = best[kept - 1];
    }
}

/// Sorts one row, whose elements are contiguous, and writes them `step` apart.
static void sort_row(
    const float *x, int64_t length, int64_t kept, uint32_t flip, float *values, int64_t *positions, int64_t step,
    uint64_t *keys, uint64_t *other, uint32_t *tables)
{
    for (int64_t i = 0; i < length; i++) keys[i] = (uint64_t)(ordered_bits(x[i]) ^ flip) << 32 | (uint64_t)i;
    const uint64_t *sorted = keys;
    if (kept <= selectionLength && kept * 4 <= length) {
        select_smallest(keys, length, kept, other);
        sorted = other;
    } else if (length <= insertionLength) {
        insertion_sort(keys, length);
    } else {
        sorted = radix_sort(keys, other, length, tables);
    }
    for (int64_t i = 0; i < kept; i++) {
        uint32_t position = (uint32_t)sorted[i];
        positions[i * step] = position;
        values[i * step] = x[position];
    }
}

static void sort_rows_kernel(
    const float *x, int64_t length, int64_t inner, int64_t kept, int descending, float *values, int64_t *positions,
    int64_t begin, int64_t end, void *scratch)
{
    if (kept == 0) return;
    uint64_t *keys = scratch, *other = keys + length;
    uint32_t *tables = (uint32_t *)(other + length);
    const int64_t gatheredRows = apus_sort_gathered_rows(length);
    float *rows = (float *)(tables + 3 * 2048);
    float *sortedValues = rows + gatheredRows * length;
    int64_t *sortedPositions = (int64_t *)(sortedValues + gatheredRows * length);
    const uint32_t flip = descending ? 0xffffffffu : 0;
    for (int64_t row = begin; row < end;) {
        int64_t o = row / inner, i = row % inner;
        if (inner == 1) {
            sort_row(
                x + row * length, length, kept, flip, values + row * kept, positions + row * kept, 1, keys, other,
                tables);
            row++;
            continue;
        }
        // Neighbouring rows share cache lines: they are read and written together.
        int64_t count = smaller(gatheredRows, smaller(inner - i, end - row));
        const float *source = x + o * length * inner + i;
        for (int64_t k = 0; k < length; k++) {
            for (int64_t r = 0; r < count; r++) rows[r * length + k] = source[k * inner + r];
        }
        for (int64_t r = 0; r < count; r++) {
            sort_row(
                rows + r * length, length, kept, flip, sortedValues + r * kept, sortedPositions + r * kept, 1, keys,
                other, tables);
        }
        int64_t target = o * kept * inner + i;
        for (int64_t k = 0; k < kept; k++) {
            for (int64_t r = 0; r < count; r++) {
                values[target + k * inner + r] = sortedValues[r * kept + k];
                positions[target + k * inner + r] = sortedPositions[r * kept + k];
            }
        }
        row += count;
    }
}

#endif
