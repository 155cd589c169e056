/// Images between the lanes layout (`lanes_layout.h`) and blocks of channels (oneDNN's nChw8c and nChw16c).
#ifndef APUS_LANES_BLOCKS_H
#define APUS_LANES_BLOCKS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sizes of [N, C, H, W].
typedef struct ApusLanesBlocks {
    int64_t images, blocks, pixels;
    /// The channels of a block: a multiple of the vector's width.
    int64_t block;
} ApusLanesBlocks;

/// [N / 16][C][H·W][16] → [N][C / block][H·W][block] for the tasks [begin, end) of groups × blocks, of which blocks run
/// fastest.
void apus_lanes_to_blocks(const ApusLanesBlocks *sizes, const float *lanes, float *blocks, int64_t begin, int64_t end);

/// The reverse; the lanes of the last group that stand for no image repeat the last image.
void apus_lanes_from_blocks(
    const ApusLanesBlocks *sizes, const float *blocks, float *lanes, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
