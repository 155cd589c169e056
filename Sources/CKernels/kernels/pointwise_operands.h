/// Operands of pointwise programs: moving tiles between memory and registers.
#ifndef APUS_POINTWISE_OPERANDS_H
#define APUS_POINTWISE_OPERANDS_H

#include <math.h>

#include "../include/pointwise.h"
#include "vector.h"

/// Walks an iteration space in runs along its last dimension.
typedef struct {
    int rank;
    const int64_t *shape;
    const int64_t *strides;
    int64_t index[APUS_MAX_RANK];
    int64_t offset;
} StridedCursor;

static void cursor_begin(
    StridedCursor *cursor, int rank, const int64_t *shape, const int64_t *strides, int64_t position)
{
    cursor->rank = rank;
    cursor->shape = shape;
    cursor->strides = strides;
    cursor->offset = 0;
    for (int d = rank - 1; d >= 0; d--) {
        cursor->index[d] = position % shape[d];
        position /= shape[d];
        cursor->offset += cursor->index[d] * strides[d];
    }
}

/// The positions left in the last dimension.
APUS_INLINE int64_t cursor_run(const StridedCursor *cursor)
{
    return cursor->rank == 0 ? 1 : cursor->shape[cursor->rank - 1] - cursor->index[cursor->rank - 1];
}

APUS_INLINE void cursor_advance(StridedCursor *cursor, int64_t count)
{
    int d = cursor->rank - 1;
    if (d < 0) return;
    cursor->index[d] += count;
    cursor->offset += count * cursor->strides[d];
    while (d > 0 && cursor->index[d] == cursor->shape[d]) {
        cursor->offset += cursor->strides[d - 1] - cursor->shape[d] * cursor->strides[d];
        cursor->index[d] = 0;
        d--;
        cursor->index[d]++;
    }
}

/// Reads `count` elements, `stride` apart, as floats.
static void read_run(float *tile, const void *data, int dtype, int64_t offset, int64_t stride, int64_t count)
{
    switch (dtype) {
    case ApusFloat32: {
        const float *source = (const float *)data + offset;
        if (stride == 1) {
            memcpy(tile, source, (size_t)count * sizeof(float));
        } else if (stride == 0) {
            float value = source[0];
            for (int64_t i = 0; i < count; i++) tile[i] = value;
        } else {
            for (int64_t i = 0; i < count; i++) tile[i] = source[i * stride];
        }
        break;
    }
    case ApusUInt8: {
        const uint8_t *source = (const uint8_t *)data + offset;
        if (stride == 1) {
            for (int64_t i = 0; i < count; i++) tile[i] = (float)source[i];
        } else {
            for (int64_t i = 0; i < count; i++) tile[i] = (float)source[i * stride];
        }
        break;
    }
    case ApusInt64: {
        const int64_t *source = (const int64_t *)data + offset;
        for (int64_t i = 0; i < count; i++) tile[i] = (float)source[i * stride];
        break;
    }
    case ApusBool: {
        const uint8_t *source = (const uint8_t *)data + offset;
        for (int64_t i = 0; i < count; i++) tile[i] = source[i * stride] != 0 ? 1.0f : 0.0f;
        break;
    }
    default: __builtin_trap();
    }
}

APUS_INLINE int64_t truncated(float x)
{
    // The conversion of a float out of range is undefined in C; x86 gives the smallest integer, and so do we.
    return x >= -9223372036854775808.0f && x < 9223372036854775808.0f ? (int64_t)x : INT64_MIN;
}

/// Writes `count` floats, `stride` elements apart.
static void write_run(const float *tile, void *data, int dtype, int64_t offset, int64_t stride, int64_t count)
{
    switch (dtype) {
    case ApusFloat32: {
        float *destination = (float *)data + offset;
        if (stride == 1) {
            memmove(destination, tile, (size_t)count * sizeof(float));
        } else {
            for (int64_t i = 0; i < count; i++) destination[i * stride] = tile[i];
        }
        break;
    }
    case ApusUInt8: {
        uint8_t *destination = (uint8_t *)data + offset;
        for (int64_t i = 0; i < count; i++) destination[i * stride] = (uint8_t)truncated(tile[i]);
        break;
    }
    case ApusInt64: {
        int64_t *destination = (int64_t *)data + offset;
        for (int64_t i = 0; i < count; i++) destination[i * stride] = truncated(tile[i]);
        break;
    }
    case ApusBool: {
        uint8_t *destination = (uint8_t *)data + offset;
        for (int64_t i = 0; i < count; i++) destination[i * stride] = tile[i] != 0.0f;
        break;
    }
    default: __builtin_trap();
    }
}

/// Fills a tile with the operand's elements at the positions [position, position + count).
static void read_operand(
    float *tile, const ApusPointwiseOperand *operand, int rank, const int64_t *shape, int64_t position, int64_t count)
{
    if (operand->kind == ApusOperandContiguous) {
        read_run(tile, operand->data, operand->dtype, position, 1, count);
        return;
    }
    StridedCursor cursor;
    cursor_begin(&cursor, rank, shape, operand->strides, position);
    int64_t stride = rank == 0 ? 0 : operand->strides[rank - 1];
    while (count > 0) {
        int64_t run = smaller(cursor_run(&cursor), count);
        read_run(tile, operand->data, operand->dtype, cursor.offset, stride, run);
        cursor_advance(&cursor, run);
        tile += run;
        count -= run;
    }
}

/// Stores a tile as the operand's elements at the positions [position, position + count).
static void write_operand(
    const float *tile, const ApusPointwiseOperand *operand, int rank, const int64_t *shape, int64_t position,
    int64_t count)
{
    if (operand->kind == ApusOperandContiguous) {
        write_run(tile, operand->data, operand->dtype, position, 1, count);
        return;
    }
    StridedCursor cursor;
    cursor_begin(&cursor, rank, shape, operand->strides, position);
    int64_t stride = rank == 0 ? 0 : operand->strides[rank - 1];
    while (count > 0) {
        int64_t run = smaller(cursor_run(&cursor), count);
        write_run(tile, operand->data, operand->dtype, cursor.offset, stride, run);
        cursor_advance(&cursor, run);
        tile += run;
        count -= run;
    }
}

#endif
