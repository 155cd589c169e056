// PNG in and out of memory by libpng. Every function returns 0, or 1 and leaves a message of libpng's.
//
// Samples come as the file stores them, without gamma or colour conversion, as Pillow gives them: palettes and gray of
// less than 8 bits are expanded, transparency becomes an alpha channel. Of 16 bits the upper 8 are kept, except for gray
// without alpha, which Pillow cuts off at 255 (`convert("L")` of its mode I;16) and whose transparent gray it ignores.
#ifndef APUS_PNG_H
#define APUS_PNG_H

#include <stddef.h>
#include <stdint.h>

#define APUS_PNG_MESSAGE_SIZE 160

typedef struct {
    uint32_t width;
    uint32_t height;
    /// 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
    uint32_t channels;
} apus_png_size;

/// Reads the header. More than `most_pixels` are refused.
int apus_png_read_size(
    const uint8_t *file, size_t count, uint64_t most_pixels, apus_png_size *size, char message[APUS_PNG_MESSAGE_SIZE]);

/// Decodes into `pixels`, which holds height · width · channels bytes, [height, width, channels]; `size` is what
/// `apus_png_read_size` gave.
int apus_png_decode(
    const uint8_t *file, size_t count, apus_png_size size, uint8_t *pixels, char message[APUS_PNG_MESSAGE_SIZE]);

/// Encodes [height, width, channels] into a new block of memory that `free` releases.
int apus_png_encode(
    const uint8_t *pixels, apus_png_size size, uint8_t **file, size_t *count, char message[APUS_PNG_MESSAGE_SIZE]);

#endif
