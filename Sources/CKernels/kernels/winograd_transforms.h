/// Winograd's transforms of 6 and of 4 numbers, in both directions, for the points 0, ±p, ±q and ∞.
///
/// All constants of the inputs' and the outputs' transforms are exact in binary.
#ifndef APUS_WINOGRAD_TRANSFORMS_H
#define APUS_WINOGRAD_TRANSFORMS_H

#include "vector.h"

static const float winogradP = 0.625f, winogradQ = 1.5f;
/// p², q², p² + q² and p² q².
static const float winogradPP = 0.390625f, winogradQQ = 2.25f, winogradSum = 2.640625f, winogradProduct = 0.87890625f;

/// Keeps an address from being computed early: the 36 numbers of a tile lie in as many matrices, and the compiler would
/// hold their addresses at once, in more registers than there are.
#define APUS_WINOGRAD_ADDRESS(p) __asm__("" : "+r"(p))

/// The first and the last row of Bᵀ d: the coefficients of (x² - p²) (x² - q²).
APUS_INLINE vfloat winograd_input_end(vfloat a, vfloat b, vfloat c)
{
    return multiply_add(splat(winogradProduct), a, c - winogradSum * b);
}

/// The rows of Bᵀ d for one point and its negative, from the square of the other point.
APUS_INLINE void winograd_input_pair(
    float square, float point, vfloat d1, vfloat d2, vfloat d3, vfloat d4, vfloat *positive, vfloat *negative)
{
    vfloat even = d4 - square * d2, odd = point * (d3 - square * d1);
    *positive = even + odd;
    *negative = even - odd;
}

/// Bᵀ d: row i holds the coefficients of Π (x - aⱼ) over the other points j.
APUS_INLINE void winograd_input_transform(const vfloat d[6], vfloat t[6])
{
    t[0] = winograd_input_end(d[0], d[2], d[4]);
    winograd_input_pair(winogradQQ, winogradP, d[1], d[2], d[3], d[4], t + 1, t + 2);
    winograd_input_pair(winogradPP, winogradQ, d[1], d[2], d[3], d[4], t + 3, t + 4);
    t[5] = winograd_input_end(d[1], d[3], d[5]);
}

/// Aᵀ m: the values' powers of the points.
APUS_INLINE void winograd_output_transform(const vfloat m[6], vfloat y[4])
{
    vfloat sumP = m[1] + m[2], differenceP = m[1] - m[2], sumQ = m[3] + m[4], differenceQ = m[3] - m[4];
    y[0] = m[0] + sumP + sumQ;
    y[1] = multiply_add(splat(winogradP), differenceP, winogradQ * differenceQ);
    y[2] = multiply_add(splat(winogradPP), sumP, winogradQQ * sumQ);
    y[3] = multiply_add(
        splat(winogradP * winogradPP), differenceP, multiply_add(splat(winogradQ * winogradQQ), differenceQ, m[5]));
}

/// The rows of A y for a point and its negative, from the point and its square.
APUS_INLINE void winograd_gradient_pair(
    float point, float square, vfloat y0, vfloat y1, vfloat y2, vfloat y3, vfloat *positive, vfloat *negative)
{
    vfloat even = multiply_add(splat(square), y2, y0);
    vfloat odd = multiply_add(splat(point * square), y3, point * y1);
    *positive = even + odd;
    *negative = even - odd;
}

/// A y, for gradients.
APUS_INLINE void winograd_gradient_transform(const vfloat y[4], vfloat w[6])
{
    w[0] = y[0];
    winograd_gradient_pair(winogradP, winogradPP, y[0], y[1], y[2], y[3], w + 1, w + 2);
    winograd_gradient_pair(winogradQ, winogradQQ, y[0], y[1], y[2], y[3], w + 3, w + 4);
    w[5] = y[3];
}

/// The rows of G are divided by Π (aᵢ - aⱼ): p² q² for 0, 2 p² (p² - q²) for ±p, 2 q² (q² - p²) for ±q.
static const float winogradZeroScale = 1.0 / (0.390625 * 2.25);
static const float winogradPScale = 1.0 / (2.0 * 0.390625 * (0.390625 - 2.25));
static const float winogradQScale = 1.0 / (2.0 * 2.25 * (2.25 - 0.390625));

/// G g.
APUS_INLINE void winograd_filter_transform(const vfloat g[3], vfloat t[6])
{
    vfloat evenP = winogradPScale * multiply_add(splat(winogradPP), g[2], g[0]);
    vfloat evenQ = winogradQScale * multiply_add(splat(winogradQQ), g[2], g[0]);
    vfloat oddP = (winogradPScale * winogradP) * g[1], oddQ = (winogradQScale * winogradQ) * g[1];
    t[0] = winogradZeroScale * g[0];
    t[1] = evenP + oddP;
    t[2] = evenP - oddP;
    t[3] = evenQ + oddQ;
    t[4] = evenQ - oddQ;
    t[5] = g[2];
}

/// Gᵀ s, for gradients.
APUS_INLINE void winograd_filter_gradient_transform(const vfloat s[6], vfloat g[3])
{
    vfloat sumP = winogradPScale * (s[1] + s[2]), sumQ = winogradQScale * (s[3] + s[4]);
    vfloat differenceP = s[1] - s[2], differenceQ = s[3] - s[4];
    g[0] = multiply_add(splat(winogradZeroScale), s[0], sumP + sumQ);
    g[1] = multiply_add(
        splat(winogradPScale * winogradP), differenceP, (winogradQScale * winogradQ) * differenceQ);
    g[2] = multiply_add(splat(winogradPP), sumP, multiply_add(splat(winogradQQ), sumQ, s[5]));
}

/// Where a tile lies: its image, and the row and column of its first output.
typedef struct WinogradTile {
    int64_t image, row, column;
} WinogradTile;

APUS_INLINE WinogradTile winograd_tile(const ApusWinograd *w, int64_t index)
{
    int64_t across = (w->outputWidth + 3) / 4, down = (w->outputHeight + 3) / 4;
    return (WinogradTile){index / (across * down), index / across % down * 4, index % across * 4};
}

/// The offset of a channel's plane, at a multiple of the vector's width.
APUS_INLINE int64_t winograd_channel(const ApusWinograd *w, int64_t channel, int64_t plane)
{
    return channel / w->channelBlock * w->channelBlock * plane + channel % w->channelBlock;
}

#endif
