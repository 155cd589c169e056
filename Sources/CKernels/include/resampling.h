/// Resampling of planes and volumes, row by row: each output row is a weighted sum of input rows, each of its elements a
/// weighted sum of that row's elements.
#ifndef APUS_RESAMPLING_H
#define APUS_RESAMPLING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of a resampling. A volume of one image and channel has `inputRows` rows.
typedef struct ApusResampling {
    int64_t inputRows;
    int64_t inputWidth;
    int64_t outputRows;
    int64_t outputWidth;
    /// Elements that make one of the result along a row: at least 1.
    int64_t columnTaps;
    /// Whether all weights along a row are 1, so that elements are only moved.
    int32_t columnsAreCopies;
    /// Whether some elements of a row have fewer taps than others.
    int32_t columnsAreRagged;
} ApusResampling;

/// The output rows [begin, end) of all volumes.
///
/// - rowStarts: for each output row of a volume, where its taps begin; one more number at the end.
/// - rowSources, rowWeights: the input rows, and their weights.
/// - columnSources, columnWeights: [columnTaps][outputWidth]; `inputWidth` where there is no tap.
/// - scratch: inputWidth + 1 floats of the calling thread's own.
void apus_resample_rows(
    const ApusResampling *resampling, const int32_t *rowStarts, const int32_t *rowSources, const float *rowWeights,
    const int32_t *columnSources, const float *columnWeights, const float *input, float *output, float *scratch,
    int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
