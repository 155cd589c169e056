/// Losses over classes and of probabilities.
///
/// Results may not lie in the memory of the inputs unless it is said. Each function works on the samples [begin, end);
/// arguments point to the first one.
#ifndef APUS_LOSSES_H
#define APUS_LOSSES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Softmax (or its logarithm, if `logarithm` is not 0) of x [outer, classes, inner] over the classes, for the positions
/// [begin, end) of outer · inner. y may be x.
void apus_plane_softmax_forward(
    int logarithm, const float *x, int64_t classes, int64_t inner, float *y, int64_t begin, int64_t end);

/// The gradient of `apus_plane_softmax_forward` from its result y and the gradient behind it, which may be the memory of
/// the result.
void apus_plane_softmax_backward(
    int logarithm, const float *y, const float *gradient, int64_t classes, int64_t inner, float *inputGradient,
    int64_t begin, int64_t end);

/// losses[s] = -w · x[label of s] and weights[s] = w for w = weight[label], or 1 where `weight` is NULL; both 0 where the
/// label is `ignoreIndex`. x is [outer, classes, inner], the samples are outer · inner.
///
/// Labels are in 0 ..< classes or ignoreIndex: check with `apus_first_label_out_of_range`.
void apus_nll_forward(
    const float *x, const int64_t *labels, const float *weight, int64_t classes, int64_t inner, int64_t ignoreIndex,
    float *losses, float *weights, int64_t begin, int64_t end);

/// Writes -w · gradient[s] to the element of each sample's label; all others must be 0 already.
void apus_nll_backward(
    const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t inner,
    int64_t ignoreIndex, float *inputGradient, int64_t begin, int64_t end);

/// The gradient of the log-softmax's negative log-likelihood by the logits, from the log-probabilities y
/// [outer, classes, inner]: (softmax - one-hot) · w · gradient[s].
void apus_cross_entropy_backward(
    const float *y, const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t inner,
    int64_t ignoreIndex, float *inputGradient, int64_t begin, int64_t end);

/// losses[i] = -y · max(ln x, -100) - (1 - y) · max(ln(1 - x), -100).
///
/// `outside` gets the first i at which x or y lies outside of 0 ... 1 (or is NaN), or -1.
void apus_binary_cross_entropy(
    const float *x, const float *y, float *losses, int64_t *outside, int64_t begin, int64_t end);

/// y[i] = max(x[i], floor). `negative` gets the first i with x[i] < 0, or -1.
void apus_variance_floor(const float *x, float floor, float *y, int64_t *negative, int64_t begin, int64_t end);

/// losses[r] = Σ_j Σ_i max(0, 1 - (x[r, label_j] - x[r, i])) / classes, over the labels of row r before its first -1 and
/// the classes i that are none.
///
/// Labels are in -1 ..< classes. scratch: `classes` floats for this call alone.
void apus_multilabel_margin_forward(
    const float *x, const int64_t *labels, int64_t classes, float *losses, float *scratch, int64_t begin, int64_t end);

/// The gradient of `apus_multilabel_margin_forward` by x, for the gradient [rows] behind it.
void apus_multilabel_margin_backward(
    const float *gradient, const float *x, const int64_t *labels, int64_t classes, float *inputGradient, float *scratch,
    int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
