/// The list of kernels: X(name, parameters, arguments).
///
/// The public function is apus_name, the implementation name_kernel in each build, and name the entry in the table.
#ifndef APUS_KERNEL_LIST_H
#define APUS_KERNEL_LIST_H

#include "../include/CKernels.h"
#include "image_kernel_list.h"

#define APUS_KERNELS(X)                                                                                                \
    X(pointwise,                                                                                                       \
      (const ApusPointwiseInstruction *program, int instructionCount, const ApusPointwiseOperand *inputs,              \
       int inputCount, const ApusPointwiseOperand *outputs, const uint16_t *outputRegisters, int outputCount,          \
       int rank, const int64_t *shape, int64_t begin, int64_t end, int streams, float *scratch),                       \
      (program, instructionCount, inputs, inputCount, outputs, outputRegisters, outputCount, rank, shape, begin, end,  \
       streams, scratch))                                                                                              \
    X(lanes_from_rows,                                                                                                 \
      (const float *rows, int64_t rowStride, int64_t features, int64_t images, float *lanes, int64_t beginGroup,       \
       int64_t endGroup),                                                                                              \
      (rows, rowStride, features, images, lanes, beginGroup, endGroup))                                                \
    X(lanes_to_rows,                                                                                                   \
      (const float *lanes, int64_t features, int64_t images, float *rows, int64_t rowStride, int64_t beginGroup,       \
       int64_t endGroup),                                                                                              \
      (lanes, features, images, rows, rowStride, beginGroup, endGroup))                                                \
    X(lanes_clear, (float *group, int64_t first, int64_t begin, int64_t end), (group, first, begin, end))              \
    X(lanes_convolution_forward,                                                                                       \
      (const ApusLanesConvolution *convolution, const float *input, const float *weights, const float *bias,           \
       ApusActivation activation, float *output, int64_t beginRow, int64_t endRow),                                    \
      (convolution, input, weights, bias, activation, output, beginRow, endRow))                                       \
    X(lanes_convolution_pool_forward,                                                                                  \
      (const ApusLanesConvolution *convolution, const float *input, const float *weights, const float *bias,           \
       ApusActivation activation, float *output, uint8_t *index, int64_t beginRow, int64_t endRow),                    \
      (convolution, input, weights, bias, activation, output, index, beginRow, endRow))                                \
    X(lanes_convolution_input_gradient,                                                                                \
      (const ApusLanesConvolution *convolution, const float *outputGradient, const float *weights,                     \
       float *inputGradient, int64_t beginRow, int64_t endRow),                                                        \
      (convolution, outputGradient, weights, inputGradient, beginRow, endRow))                                         \
    X(lanes_convolution_weight_gradient,                                                                               \
      (const ApusLanesConvolution *convolution, const float *input, const float *outputGradient, float *accumulator,   \
       int64_t beginGroup, int64_t endGroup, int64_t beginChannel, int64_t endChannel),                                \
      (convolution, input, outputGradient, accumulator, beginGroup, endGroup, beginChannel, endChannel))               \
    X(lanes_weight_gradient_finish,                                                                                    \
      (const ApusLanesConvolution *convolution, const float *accumulators, int64_t accumulatorCount,                   \
       float *weightsGradient, float *biasGradient, int64_t begin, int64_t end),                                       \
      (convolution, accumulators, accumulatorCount, weightsGradient, biasGradient, begin, end))                        \
    X(matmul,                                                                                                          \
      (const ApusMatMul *matmul, const float *left, const float *right, const float *bias, ApusActivation activation,  \
       float *result, int64_t begin, int64_t end),                                                                     \
      (matmul, left, right, bias, activation, result, begin, end))                                                     \
    X(peak_multiply_adds, (int64_t rounds, int64_t *count, float *result), (rounds, count, result))                     \
    X(winograd_filters,                                                                                                \
      (const ApusWinograd *w, const float *filters, int turned, float *transformed, int64_t begin, int64_t end),       \
      (w, filters, turned, transformed, begin, end))                                                                   \
    X(winograd_input,                                                                                                  \
      (const ApusWinograd *w, ApusWinogradHalf half, const float *input, float *transformed, int64_t rows,             \
       int64_t begin, int64_t end),                                                                                    \
      (w, half, input, transformed, rows, begin, end))                                                                 \
    X(winograd_multiply,                                                                                               \
      (const ApusWinograd *w, const float *inputs, const float *filters, float *outputs, int64_t rows, int64_t count), \
      (w, inputs, filters, outputs, rows, count))                                                                      \
    X(winograd_multiply_filters,                                                                                       \
      (const ApusWinograd *w, const float *inputs, const float *filters, int turned, float *working, float *outputs,   \
       int64_t rows, int64_t count, int64_t channelsAtOnce),                                                           \
      (w, inputs, filters, turned, working, outputs, rows, count, channelsAtOnce))                                     \
    X(winograd_output,                                                                                                 \
      (const ApusWinograd *w, const float *products, const float *bias, const float *addend,                           \
       ApusActivation activation, float *output, int64_t rows, int64_t begin, int64_t end),                            \
      (w, products, bias, addend, activation, output, rows, begin, end))                                               \
    X(winograd_output_gradient,                                                                                        \
      (const ApusWinograd *w, ApusWinogradHalf half, const float *gradient, float *transformed, int64_t rows,          \
       int64_t begin, int64_t end),                                                                                    \
      (w, half, gradient, transformed, rows, begin, end))                                                              \
    X(winograd_accumulate,                                                                                             \
      (const ApusWinograd *w, ApusWinogradHalf half, const float *inputs, const float *gradients, int64_t rows,        \
       int64_t count, int isFirst, float *sums, int64_t begin, int64_t end),                                           \
      (w, half, inputs, gradients, rows, count, isFirst, sums, begin, end))                                            \
    X(winograd_filter_gradient,                                                                                        \
      (const ApusWinograd *w, const float *sums, float *filterGradient, int64_t begin, int64_t end),                   \
      (w, sums, filterGradient, begin, end))                                                                           \
    X(lanes_max_pool_forward,                                                                                          \
      (const ApusLanesPooling *pooling, const float *input, float *output, uint8_t *index, int64_t beginPlane,         \
       int64_t endPlane),                                                                                              \
      (pooling, input, output, index, beginPlane, endPlane))                                                           \
    X(lanes_max_pool_backward,                                                                                         \
      (const ApusLanesPooling *pooling, const float *outputGradient, const uint8_t *index, float *inputGradient,       \
       int64_t beginPlane, int64_t endPlane),                                                                          \
      (pooling, outputGradient, index, inputGradient, beginPlane, endPlane))                                           \
    X(lanes_average_pool_forward,                                                                                      \
      (const ApusLanesPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *input,              \
       float *output, int64_t beginPlane, int64_t endPlane),                                                           \
      (pooling, countIncludePad, divisorOverride, input, output, beginPlane, endPlane))                                \
    X(lanes_average_pool_backward,                                                                                     \
      (const ApusLanesPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *outputGradient,     \
       const float *activated, ApusActivation activation, float *inputGradient, int64_t beginPlane,                    \
       int64_t endPlane),                                                                                              \
      (pooling, countIncludePad, divisorOverride, outputGradient, activated, activation, inputGradient, beginPlane,    \
       endPlane))                                                                                                      \
    X(reduce,                                                                                                          \
      (ApusReduction reduction, const float *x, int64_t outer, int64_t reduce, int64_t inner, float *y, int64_t        \
       begin, int64_t end),                                                                                            \
      (reduction, x, outer, reduce, inner, y, begin, end))                                                             \
    X(column_sum,                                                                                                      \
      (const float *x, int64_t rows, int64_t columns, float *y, int accumulate, int64_t beginColumn, int64_t           \
       endColumn),                                                                                                     \
      (x, rows, columns, y, accumulate, beginColumn, endColumn))                                                       \
    X(arg_extremum,                                                                                                    \
      (int smallest, const float *x, int64_t outer, int64_t reduce, int64_t inner, int64_t *y, int64_t begin,          \
       int64_t end),                                                                                                   \
      (smallest, x, outer, reduce, inner, y, begin, end))                                                              \
    X(plane_convolution_forward,                                                                                       \
      (const ApusPlaneConvolution *convolution, const float *input, const float *weights, const float *bias,           \
       float *output, float *scratch, int64_t begin, int64_t end),                                                     \
      (convolution, input, weights, bias, output, scratch, begin, end))                                                \
    X(plane_convolution_input_gradient,                                                                                \
      (const ApusPlaneConvolution *convolution, const float *outputGradient, const float *weights,                     \
       const float *bias, float *inputGradient, float *scratch, int64_t begin, int64_t end),                           \
      (convolution, outputGradient, weights, bias, inputGradient, scratch, begin, end))                                \
    X(plane_convolution_weight_gradient,                                                                               \
      (const ApusPlaneConvolution *convolution, const float *input, const float *outputGradient,                       \
       float *weightsGradient, float *biasGradient, float *scratch, int64_t group, int64_t beginSample,                \
       int64_t endSample),                                                                                             \
      (convolution, input, outputGradient, weightsGradient, biasGradient, scratch, group, beginSample, endSample))     \
    X(unfold,                                                                                                          \
      (const ApusSlidingWindow *window, const float *planes, float *columns, int64_t begin, int64_t end),              \
      (window, planes, columns, begin, end))                                                                           \
    X(fold,                                                                                                            \
      (const ApusSlidingWindow *window, const float *columns, float *planes, int64_t begin, int64_t end),              \
      (window, columns, planes, begin, end))                                                                           \
    X(activation_gradient,                                                                                             \
      (const float *y, const float *dy, ApusActivation activation, float *dx, int64_t begin, int64_t end),             \
      (y, dy, activation, dx, begin, end))                                                                             \
    X(add_activate,                                                                                                    \
      (const float *x, const float *addend, ApusActivation activation, float *y, int64_t begin, int64_t end),          \
      (x, addend, activation, y, begin, end))                                                                          \
    X(block_convolution_pad,                                                                                           \
      (const ApusBlockConvolution *c, const float *input, float *padded, int64_t begin, int64_t end),                  \
      (c, input, padded, begin, end))                                                                                  \
    X(block_convolution_forward,                                                                                       \
      (const ApusBlockConvolution *c, const float *padded, const float *filters, const float *bias,                    \
       const float *addend, ApusActivation activation, float *output, int64_t begin, int64_t end),                     \
      (c, padded, filters, bias, addend, activation, output, begin, end))                                              \
    X(block_convolution_together,                                                                                      \
      (const ApusBlockConvolution *c, const float *input, const float *filters, const float *bias,                     \
       const float *addend, ApusActivation activation, float *output, float *scratch, int64_t beginImage,              \
       int64_t endImage, int64_t beginRow, int64_t endRow, int64_t beginPanel, int64_t endPanel),                      \
      (c, input, filters, bias, addend, activation, output, scratch, beginImage, endImage, beginRow, endRow,           \
       beginPanel, endPanel))                                                                                          \
    X(block_weight_gradient,                                                                                           \
      (const ApusBlockWeightGradient *c, const float *input, const float *outputGradient, float *sums, float *scratch, \
       int64_t beginImage, int64_t endImage, int64_t beginPart, int64_t endPart, int64_t beginPair, int64_t endPair),  \
      (c, input, outputGradient, sums, scratch, beginImage, endImage, beginPart, endPart, beginPair, endPair))         \
    X(block_weight_gradient_finish,                                                                                    \
      (const ApusBlockWeightGradient *c, const float *sums, int64_t pieces, int streams, float *filterGradient,        \
       float *biasGradient, int64_t begin, int64_t end),                                                               \
      (c, sums, pieces, streams, filterGradient, biasGradient, begin, end))                                            \
    X(block_filters,                                                                                                   \
      (const ApusBlockFilters *f, const float *filters, float *blocks, int64_t begin, int64_t end),                    \
      (f, filters, blocks, begin, end))                                                                                \
    X(block_filters_turned,                                                                                            \
      (const ApusBlockFilters *f, const float *blocks, float *turned, int64_t begin, int64_t end),                     \
      (f, blocks, turned, begin, end))                                                                                 \
    X(lanes_to_blocks,                                                                                                 \
      (const ApusLanesBlocks *sizes, const float *lanes, float *blocks, int64_t begin, int64_t end),                   \
      (sizes, lanes, blocks, begin, end))                                                                              \
    X(lanes_from_blocks,                                                                                               \
      (const ApusLanesBlocks *sizes, const float *blocks, float *lanes, int64_t begin, int64_t end),                   \
      (sizes, blocks, lanes, begin, end))                                                                              \
    X(add_channel_bias,                                                                                                \
      (const float *bias, int64_t channels, int64_t block, int64_t inner, float *x, int64_t begin, int64_t end),       \
      (bias, channels, block, inner, x, begin, end))                                                                   \
    X(max_pool_forward,                                                                                                \
      (const ApusPooling *pooling, const float *input, float *output, int64_t *position, float *scratch, int64_t       \
       begin, int64_t end),                                                                                            \
      (pooling, input, output, position, scratch, begin, end))                                                         \
    X(average_pool_forward,                                                                                            \
      (const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *input, float             \
       *output, float *scratch, int64_t begin, int64_t end),                                                           \
      (pooling, countIncludePad, divisorOverride, input, output, scratch, begin, end))                                 \
    X(average_pool_backward,                                                                                           \
      (const ApusPooling *pooling, int countIncludePad, int64_t divisorOverride, const float *outputGradient,          \
       float *inputGradient, float *scratch, int64_t begin, int64_t end),                                              \
      (pooling, countIncludePad, divisorOverride, outputGradient, inputGradient, scratch, begin, end))                 \
    X(plane_gather,                                                                                                    \
      (const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t narrow, float *y, int64_t        \
       *wrong, int64_t begin, int64_t end),                                                                            \
      (x, position, allowsNone, wide, narrow, y, wrong, begin, end))                                                   \
    X(plane_scatter,                                                                                                   \
      (ApusPlaneScatter mode, const float *x, const int64_t *position, int allowsNone, int64_t wide, int64_t           \
       narrow, float *y, int64_t *wrong, int64_t begin, int64_t end),                                                  \
      (mode, x, position, allowsNone, wide, narrow, y, wrong, begin, end))                                             \
    X(softmax_forward,                                                                                                 \
      (const float *x, int64_t classes, float *y, int64_t begin, int64_t end),                                         \
      (x, classes, y, begin, end))                                                                                     \
    X(softmax_backward,                                                                                                \
      (const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end),      \
      (y, gradient, classes, inputGradient, begin, end))                                                               \
    X(log_softmax_forward,                                                                                             \
      (const float *x, int64_t classes, float *y, int64_t begin, int64_t end),                                         \
      (x, classes, y, begin, end))                                                                                     \
    X(log_softmax_backward,                                                                                            \
      (const float *y, const float *gradient, int64_t classes, float *inputGradient, int64_t begin, int64_t end),      \
      (y, gradient, classes, inputGradient, begin, end))                                                               \
    X(gated_linear_unit_forward,                                                                                       \
      (const float *x, int64_t half, float *y, int64_t begin, int64_t end),                                            \
      (x, half, y, begin, end))                                                                                        \
    X(gated_linear_unit_backward,                                                                                      \
      (const float *x, const float *gradient, int64_t half, float *inputGradient, int64_t begin, int64_t end),         \
      (x, gradient, half, inputGradient, begin, end))                                                                  \
    X(plane_softmax_forward,                                                                                           \
      (int logarithm, const float *x, int64_t classes, int64_t inner, float *y, int64_t begin, int64_t end),           \
      (logarithm, x, classes, inner, y, begin, end))                                                                   \
    X(plane_softmax_backward,                                                                                          \
      (int logarithm, const float *y, const float *gradient, int64_t classes, int64_t inner, float *inputGradient,     \
       int64_t begin, int64_t end),                                                                                    \
      (logarithm, y, gradient, classes, inner, inputGradient, begin, end))                                             \
    X(nll_forward,                                                                                                     \
      (const float *x, const int64_t *labels, const float *weight, int64_t classes, int64_t inner, int64_t             \
       ignoreIndex, float *losses, float *weights, int64_t begin, int64_t end),                                        \
      (x, labels, weight, classes, inner, ignoreIndex, losses, weights, begin, end))                                   \
    X(nll_backward,                                                                                                    \
      (const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t inner, int64_t      \
       ignoreIndex, float *inputGradient, int64_t begin, int64_t end),                                                 \
      (gradient, labels, weight, classes, inner, ignoreIndex, inputGradient, begin, end))                              \
    X(cross_entropy_backward,                                                                                          \
      (const float *y, const float *gradient, const int64_t *labels, const float *weight, int64_t classes, int64_t     \
       inner, int64_t ignoreIndex, float *inputGradient, int64_t begin, int64_t end),                                  \
      (y, gradient, labels, weight, classes, inner, ignoreIndex, inputGradient, begin, end))                           \
    X(binary_cross_entropy,                                                                                            \
      (const float *x, const float *y, float *losses, int64_t *outside, int64_t begin, int64_t end),                   \
      (x, y, losses, outside, begin, end))                                                                             \
    X(variance_floor,                                                                                                  \
      (const float *x, float floor, float *y, int64_t *negative, int64_t begin, int64_t end),                          \
      (x, floor, y, negative, begin, end))                                                                             \
    X(multilabel_margin_forward,                                                                                       \
      (const float *x, const int64_t *labels, int64_t classes, float *losses, float *scratch, int64_t begin, int64_t   \
       end),                                                                                                           \
      (x, labels, classes, losses, scratch, begin, end))                                                               \
    X(multilabel_margin_backward,                                                                                      \
      (const float *gradient, const float *x, const int64_t *labels, int64_t classes, float *inputGradient, float      \
       *scratch, int64_t begin, int64_t end),                                                                          \
      (gradient, x, labels, classes, inputGradient, scratch, begin, end))                                              \
    X(batch_statistics,                                                                                                \
      (const float *x, int64_t images, int64_t channels, int64_t plane, float *mean, float *variance, int64_t begin,   \
       int64_t end),                                                                                                   \
      (x, images, channels, plane, mean, variance, begin, end))                                                        \
    X(batch_normalize,                                                                                                 \
      (const float *x, int64_t images, int64_t channels, int64_t plane, const float *mean, const float *variance,      \
       float epsilon, const float *weight, const float *bias, const float *addend, int relu, float *y, int64_t begin,  \
       int64_t end),                                                                                                   \
      (x, images, channels, plane, mean, variance, epsilon, weight, bias, addend, relu, y, begin, end))                \
    X(batch_normalization_backward,                                                                                    \
      (const float *x, const float *outputGradient, const float *reluResult, int64_t images, int64_t channels,         \
       int64_t plane, const float *mean, const float *variance, float epsilon, const float *weight, int training,      \
       float *inputGradient, float *weightGradient, float *biasGradient, int64_t begin, int64_t end),                  \
      (x, outputGradient, reluResult, images, channels, plane, mean, variance, epsilon, weight, training,              \
       inputGradient, weightGradient, biasGradient, begin, end))                                                       \
    X(normalize_rows,                                                                                                  \
      (const ApusRowNormalization *normalization, const float *x, const float *weight, const float *bias, float *y,    \
       float *mean, float *variance, float *inverse, int64_t begin, int64_t end),                                      \
      (normalization, x, weight, bias, y, mean, variance, inverse, begin, end))                                        \
    X(normalize_rows_backward,                                                                                         \
      (const ApusRowNormalization *normalization, const float *x, const float *outputGradient, const float *weight,    \
       const float *mean, const float *inverse, float *inputGradient, float *sums, double *channelSums, int64_t        \
       begin, int64_t end),                                                                                            \
      (normalization, x, outputGradient, weight, mean, inverse, inputGradient, sums, channelSums, begin, end))         \
    X(normalize_rows_weight_gradient,                                                                                  \
      (const ApusRowNormalization *normalization, const float *x, const float *outputGradient, const float *mean,      \
       const float *inverse, int64_t rows, float *weightGradient, float *biasGradient, int64_t begin, int64_t end),    \
      (normalization, x, outputGradient, mean, inverse, rows, weightGradient, biasGradient, begin, end))               \
    X(column_moments,                                                                                                  \
      (const ApusChannelColumns *columns, const float *x, double *moments, int64_t begin, int64_t end),                \
      (columns, x, moments, begin, end))                                                                               \
    X(column_statistics,                                                                                               \
      (const ApusChannelColumns *columns, const double *moments, float *mean, float *variance, int64_t begin,          \
       int64_t end),                                                                                                   \
      (columns, moments, mean, variance, begin, end))                                                                  \
    X(column_normalize,                                                                                                \
      (const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,   \
       float *y, int64_t begin, int64_t end),                                                                          \
      (columns, x, mean, scale, shift, y, begin, end))                                                                 \
    X(column_normalize_relu,                                                                                           \
      (const ApusChannelColumns *columns, const float *x, const float *mean, const float *scale, const float *shift,   \
       const float *addend, float *y, int64_t begin, int64_t end),                                                     \
      (columns, x, mean, scale, shift, addend, y, begin, end))                                                         \
    X(column_gradient_sums,                                                                                            \
      (const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,        \
       const float *mean, double *sums, int64_t begin, int64_t end),                                                   \
      (columns, x, outputGradient, reluResult, mean, sums, begin, end))                                                \
    X(column_gradient,                                                                                                 \
      (const ApusChannelColumns *columns, const float *x, const float *outputGradient, const float *reluResult,        \
       const float *mean, const float *scale, const float *slope, const float *offset, float *inputGradient,           \
       int64_t begin, int64_t end),                                                                                    \
      (columns, x, outputGradient, reluResult, mean, scale, slope, offset, inputGradient, begin, end))                 \
    X(local_response,                                                                                                  \
      (const ApusLocalResponse *response, const float *x, float *y, float *scratch, int64_t begin, int64_t end),       \
      (response, x, y, scratch, begin, end))                                                                           \
    X(local_response_backward,                                                                                         \
      (const ApusLocalResponse *response, const float *x, const float *outputGradient, float *inputGradient,           \
       float *scratch, int64_t begin, int64_t end),                                                                    \
      (response, x, outputGradient, inputGradient, scratch, begin, end))                                               \
    X(random_uniform,                                                                                                  \
      (uint64_t seed, uint64_t position, double low, double high, float least, float last, float *y, int64_t begin,    \
       int64_t end),                                                                                                   \
      (seed, position, low, high, least, last, y, begin, end))                                                         \
    X(random_normal,                                                                                                   \
      (uint64_t seed, uint64_t position, float mean, float deviation, float *y, int64_t begin, int64_t end),           \
      (seed, position, mean, deviation, y, begin, end))                                                                \
    X(random_bernoulli,                                                                                                \
      (uint64_t seed, uint64_t position, uint64_t threshold, float *y, int64_t begin, int64_t end),                    \
      (seed, position, threshold, y, begin, end))                                                                      \
    X(random_dropout,                                                                                                  \
      (uint64_t seed, uint64_t position, uint64_t threshold, float scale, const float *x, float *y, int64_t begin,     \
       int64_t end),                                                                                                   \
      (seed, position, threshold, scale, x, y, begin, end))                                                            \
    X(random_integers,                                                                                                 \
      (uint64_t seed, uint64_t position, int64_t low, uint64_t range, int64_t *y, int64_t begin, int64_t end),         \
      (seed, position, low, range, y, begin, end))                                                                     \
    X(strided_gather,                                                                                                  \
      (int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void               \
       *destination, int64_t begin, int64_t end),                                                                      \
      (elementSize, rank, shape, strides, source, destination, begin, end))                                            \
    X(strided_scatter,                                                                                                 \
      (int elementSize, int rank, const int64_t *shape, const int64_t *strides, const void *source, void               \
       *destination, int64_t begin, int64_t end),                                                                      \
      (elementSize, rank, shape, strides, source, destination, begin, end))                                            \
    X(pad_rows,                                                                                                        \
      (int elementSize, const ApusPadding *padding, const int32_t *sources, const void *value, const void *input,      \
       void *output, int64_t begin, int64_t end),                                                                      \
      (elementSize, padding, sources, value, input, output, begin, end))                                               \
    X(pad_gradient_rows,                                                                                               \
      (const ApusPadding *padding, const int32_t *sources, const int32_t *copies, const float *outputGradient, float   \
       *inputGradient, int64_t begin, int64_t end),                                                                    \
      (padding, sources, copies, outputGradient, inputGradient, begin, end))                                           \
    X(resample_rows,                                                                                                   \
      (const ApusResampling *resampling, const int32_t *rowStarts, const int32_t *rowSources, const float              \
       *rowWeights, const int32_t *columnSources, const float *columnWeights, const float *input, float *output,       \
       float *scratch, int64_t begin, int64_t end),                                                                    \
      (resampling, rowStarts, rowSources, rowWeights, columnSources, columnWeights, input, output, scratch, begin,     \
       end))                                                                                                           \
    X(index_out_of_range,                                                                                              \
      (const int64_t *index, int64_t size, int32_t *found, int64_t begin, int64_t end),                                \
      (index, size, found, begin, end))                                                                                \
    X(gather_elements,                                                                                                 \
      (const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t               \
       begin, int64_t end),                                                                                            \
      (sizes, elementSize, x, index, y, begin, end))                                                                   \
    X(scatter_elements,                                                                                                \
      (const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t               \
       begin, int64_t end),                                                                                            \
      (sizes, elementSize, x, index, y, begin, end))                                                                   \
    X(scatter_add_elements,                                                                                            \
      (const ApusIndexing *sizes, const float *x, const int64_t *index, float *y, int64_t begin, int64_t               \
       end),                                                                                                           \
      (sizes, x, index, y, begin, end))                                                                                \
    X(select_slices,                                                                                                   \
      (const ApusIndexing *sizes, int elementSize, const void *x, const int64_t *index, void *y, int64_t               \
       begin, int64_t end),                                                                                            \
      (sizes, elementSize, x, index, y, begin, end))                                                                   \
    X(add_slices,                                                                                                      \
      (const ApusIndexing *sizes, const float *x, const int64_t *index, int64_t frozen, float *y, int64_t              \
       begin, int64_t end),                                                                                            \
      (sizes, x, index, frozen, y, begin, end))                                                                        \
    X(roll,                                                                                                            \
      (const ApusIndexing *sizes, int elementSize, int64_t shift, const void *x, void *y, int64_t begin,               \
       int64_t end),                                                                                                   \
      (sizes, elementSize, shift, x, y, begin, end))                                                                   \
    X(sort_rows,                                                                                                       \
      (const float *x, int64_t length, int64_t inner, int64_t kept, int descending, float *values, int64_t             \
       *positions, int64_t begin, int64_t end, void *scratch),                                                         \
      (x, length, inner, kept, descending, values, positions, begin, end, scratch))                                    \
    X(scan,                                                                                                            \
      (int product, int reversed, const float *x, int64_t length, int64_t inner, float *y, int64_t begin,              \
       int64_t end),                                                                                                   \
      (product, reversed, x, length, inner, y, begin, end))                                                            \
    X(triangle,                                                                                                        \
      (int elementSize, int upper, int64_t diagonal, int64_t rows, int64_t columns, const void *x, void *y,            \
       int64_t begin, int64_t end),                                                                                    \
      (elementSize, upper, diagonal, rows, columns, x, y, begin, end))                                                 \
    X(floats_from_bytes,                                                                                               \
      (const uint8_t *x, float scale, float shift, float *y, int64_t begin, int64_t end),                              \
      (x, scale, shift, y, begin, end))                                                                                \
    APUS_IMAGE_KERNELS(X)

#define APUS_KERNEL_ENTRY(name, parameters, arguments) void (*name) parameters;

/// One build's kernels.
typedef struct ApusKernelTable {
    APUS_KERNELS(APUS_KERNEL_ENTRY)
} ApusKernelTable;

extern const ApusKernelTable apus_kernels_baseline;
#if defined(__x86_64__)
extern const ApusKernelTable apus_kernels_avx2;
extern const ApusKernelTable apus_kernels_avx512;
#endif

#endif
