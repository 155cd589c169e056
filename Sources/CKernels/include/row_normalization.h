/// Normalisation of rows: of the features of a position (layer norm, Ba, Kiros and Hinton 2016), of groups of channels
/// (group norm, Wu and He 2018), of single channels (instance norm), or by the root of the mean square (RMS norm).
///
/// x is [rows][channels · run]. Row r belongs to group r mod `groups`; weight and bias are [groups][channels], each
/// number for `run` neighbours. Functions work on rows [begin, end) unless they say otherwise; arguments point to row 0.
#ifndef APUS_ROW_NORMALIZATION_H
#define APUS_ROW_NORMALIZATION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ApusRowNormalization {
    int64_t groups, channels, run;
    float epsilon;
    /// Whether the mean is subtracted; else the variance is the mean square, and the mean 0.
    int32_t subtractsMean;
} ApusRowNormalization;

/// y = (x - mean) · inverse · weight + bias with inverse = 1 / √(variance + epsilon), and the three numbers of each row.
///
/// - weight, bias: NULL for 1 and 0.
void apus_normalize_rows(
    const ApusRowNormalization *normalization, const float *x, const float *weight, const float *bias, float *y,
    float *mean, float *variance, float *inverse, int64_t begin, int64_t end);

/// dx = inverse · (g - mean(g) - x̂ · mean(g · x̂)) for g = dy · weight and x̂ = (x - mean) · inverse, without mean(g)
/// where the mean is not subtracted.
///
/// - sums: adds Σ dy · x̂ and Σ dy of each channel of the rows, [2][groups · channels]; only where run is 1, else NULL.
/// - channelSums: writes them for each row and channel, [rows][channels][2]; only where run is more than 1, else NULL.
void apus_normalize_rows_backward(
    const ApusRowNormalization *normalization, const float *x, const float *outputGradient, const float *weight,
    const float *mean, const float *inverse, float *inputGradient, float *sums, double *channelSums, int64_t begin,
    int64_t end);

/// Σ dy · x̂ and Σ dy of the columns [begin, end) over all rows, where run is 1; either result may be NULL.
void apus_normalize_rows_weight_gradient(
    const ApusRowNormalization *normalization, const float *x, const float *outputGradient, const float *mean,
    const float *inverse, int64_t rows, float *weightGradient, float *biasGradient, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
