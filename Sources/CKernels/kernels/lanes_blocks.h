/// Transposes between the lanes layout and blocks of channels: squares of images × channels at one place.
#ifndef APUS_LANES_BLOCKS_KERNEL_H
#define APUS_LANES_BLOCKS_KERNEL_H

#include "../include/lanes_blocks.h"
#include "lanes_layout.h"

static void lanes_to_blocks_kernel(
    const ApusLanesBlocks *s, const float *lanes, float *blocks, int64_t begin, int64_t end)
{
    const int64_t plane = s->pixels * lanesWidth, image = s->blocks * s->pixels * s->block;
    for (int64_t task = begin; task < end; task++) {
        const int64_t group = task / s->blocks, block = task % s->blocks, images = lanes_images(s->images, group);
        const float *source = lanes + (group * s->blocks + block) * s->block * plane;
        float *target = blocks + group * lanesWidth * image + block * s->pixels * s->block;
        for (int64_t pixel = 0; pixel < s->pixels; pixel++) {
            for (int64_t channel = 0; channel < s->block; channel += vectorWidth) {
                for (int64_t lane = 0; lane < images; lane += vectorWidth) {
                    vfloat square[vectorWidth];
                    APUS_UNROLL
                    for (int i = 0; i < vectorWidth; i++) {
                        square[i] = load(source + (channel + i) * plane + pixel * lanesWidth + lane);
                    }
                    transpose_square(square);
                    float *to = target + lane * image + pixel * s->block + channel;
                    const int64_t count = smaller(vectorWidth, images - lane);
                    for (int64_t i = 0; i < count; i++) store(to + i * image, square[i]);
                }
            }
        }
    }
}

static void lanes_from_blocks_kernel(
    const ApusLanesBlocks *s, const float *blocks, float *lanes, int64_t begin, int64_t end)
{
    const int64_t plane = s->pixels * lanesWidth, image = s->blocks * s->pixels * s->block;
    for (int64_t task = begin; task < end; task++) {
        const int64_t group = task / s->blocks, block = task % s->blocks, last = lanes_images(s->images, group) - 1;
        const float *source = blocks + group * lanesWidth * image + block * s->pixels * s->block;
        float *target = lanes + (group * s->blocks + block) * s->block * plane;
        const float *images[lanesWidth];
        for (int i = 0; i < lanesWidth; i++) images[i] = source + smaller(i, last) * image;
        for (int64_t pixel = 0; pixel < s->pixels; pixel++) {
            for (int64_t channel = 0; channel < s->block; channel += vectorWidth) {
                for (int lane = 0; lane < lanesWidth; lane += vectorWidth) {
                    vfloat square[vectorWidth];
                    APUS_UNROLL
                    for (int i = 0; i < vectorWidth; i++) {
                        square[i] = load(images[lane + i] + pixel * s->block + channel);
                    }
                    transpose_square(square);
                    float *to = target + channel * plane + pixel * lanesWidth + lane;
                    APUS_UNROLL
                    for (int i = 0; i < vectorWidth; i++) store(to + i * plane, square[i]);
                }
            }
        }
    }
}

#endif
