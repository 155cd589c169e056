/// The windows that slide over planes [H, W], as columns (im2col) and back (col2im).
///
/// A plane is one (image, channel) pair; each function works on the planes [begin, end), tensors point to plane 0.
#ifndef APUS_SLIDING_WINDOW_H
#define APUS_SLIDING_WINDOW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ApusSlidingWindow {
    int64_t height;
    int64_t width;
    int64_t blockRows;
    int64_t blockColumns;
    int64_t kernelHeight;
    int64_t kernelWidth;
    int64_t strideHeight;
    int64_t strideWidth;
    int64_t paddingHeight;
    int64_t paddingWidth;
    int64_t dilationHeight;
    int64_t dilationWidth;
} ApusSlidingWindow;

/// The elements of all windows: [H, W] → [kh · kw, blocks] for each plane. What lies outside is 0.
void apus_unfold(const ApusSlidingWindow *window, const float *planes, float *columns, int64_t begin, int64_t end);

/// The sum of the columns at the places of their windows: [kh · kw, blocks] → [H, W] for each plane.
void apus_fold(const ApusSlidingWindow *window, const float *columns, float *planes, int64_t begin, int64_t end);

/// Adds a number to each channel of [outer][channels / block][inner][block] in place, for the planes [begin, end) of
/// outer · channels / block; channels beyond the last of a block stay as they are.
void apus_add_channel_bias(
    const float *bias, int64_t channels, int64_t block, int64_t inner, float *x, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
