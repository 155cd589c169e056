/// Padding of arrays by a value or by copies of their elements, row by row.
#ifndef APUS_PADDING_H
#define APUS_PADDING_H

#include <stdint.h>

#include "pointwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a padding. The last dimension is the row: its output elements [middleBegin, middleEnd) are the input
/// elements from `middleSource` on, one by one.
typedef struct ApusPadding {
    /// 1...APUS_MAX_RANK.
    int32_t rank;
    int64_t inputShape[APUS_MAX_RANK];
    int64_t outputShape[APUS_MAX_RANK];
    int64_t middleBegin;
    int64_t middleEnd;
    int64_t middleSource;
} ApusPadding;

/// The output rows [begin, end), for elements of 1, 4 or 8 bytes; another size traps.
///
/// - sources: for each dimension in turn, the input position of each output position, or -1 where the value stands.
/// - value: one element.
void apus_pad_rows(
    int elementSize, const ApusPadding *padding, const int32_t *sources, const void *value, const void *input,
    void *output, int64_t begin, int64_t end);

/// The gradient of the input rows [begin, end), overwritten: each output element's gradient is added to that of its
/// source.
///
/// - sources: those of the last dimension, none of them -1.
/// - copies: for each dimension but the last in turn, `inputShape` + 1 numbers and `outputShape` output positions: the
///   positions of input i are those from number i up to number i + 1.
void apus_pad_gradient_rows(
    const ApusPadding *padding, const int32_t *sources, const int32_t *copies, const float *outputGradient,
    float *inputGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
