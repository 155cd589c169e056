/// The weights of a lanes convolution in the order in which its blocks read them.
#ifndef APUS_LANES_WEIGHTS_H
#define APUS_LANES_WEIGHTS_H

#include "lanes_taps.h"

/// [block][source channel][kernel row][tap][channel of the block].
typedef struct {
    /// From one channel of a block, and from one source channel, to the next in the plain weights.
    int64_t channelStride;
    int64_t sourceChannelStride;
    int64_t sourceChannels;
    /// Taps step backward through the source, `phases` apart, so that a row's taps are packed from its last to its
    /// first, those of each phase behind each other; 0 where they step forward.
    int64_t phases;
} WeightPacking;

/// Channels whose weights fit into APUS_LANES_PACKED_WEIGHTS.
APUS_INLINE int64_t packed_channels(const ApusLanesConvolution *c, const WeightPacking *p)
{
    return APUS_LANES_PACKED_WEIGHTS / (p->sourceChannels * c->kernelHeight * c->kernelWidth);
}

/// The taps k = phase + n · stride of a kernel row of `width`.
APUS_INLINE int64_t phase_taps(int64_t width, int64_t stride, int64_t phase)
{
    return phase < width ? (width - phase + stride - 1) / stride : 0;
}

static void pack_weights(
    const ApusLanesConvolution *c, const WeightPacking *p, const float *weights, int64_t beginChannel,
    int64_t endChannel, float *packed)
{
    const int64_t phases = larger(1, p->phases);
    for (int64_t first = beginChannel; first < endChannel;) {
        const int channels = next_block(endChannel - first, maximumBlockChannels);
        for (int64_t s = 0; s < p->sourceChannels; s++) {
            for (int64_t ky = 0; ky < c->kernelHeight; ky++) {
                const float *row =
                    weights + first * p->channelStride + s * p->sourceChannelStride + ky * c->kernelWidth;
                for (int64_t phase = 0; phase < phases; phase++) {
                    const int64_t taps = phase_taps(c->kernelWidth, phases, phase);
                    for (int64_t tap = 0; tap < taps; tap++) {
                        const float *weight = row + (p->phases > 0 ? phase + (taps - 1 - tap) * phases : tap);
                        for (int k = 0; k < channels; k++) *packed++ = weight[k * p->channelStride];
                    }
                }
            }
        }
        first += channels;
    }
}

#endif
