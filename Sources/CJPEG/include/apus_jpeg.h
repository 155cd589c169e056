// JPEG in and out of memory by libjpeg-turbo's TurboJPEG API. Every function returns 0, or 1 and leaves a message.
//
// Pixels are Pillow's: the accurate integer DCT, smooth ("fancy") upsampling of chroma, no colour management; CMYK and
// YCCK are inverted as Adobe stores them and turned to RGB by Pillow's integer rule.
#ifndef APUS_JPEG_H
#define APUS_JPEG_H

#include <stddef.h>
#include <stdint.h>

#define APUS_JPEG_MESSAGE_SIZE 200

typedef struct {
    uint32_t width;
    uint32_t height;
    /// What decoding gives: 1 gray, 3 RGB.
    uint32_t channels;
    /// Whether the file stores CMYK or YCCK.
    uint32_t is_cmyk;
} apus_jpeg_size;

/// Reads the header. More than `most_pixels` are refused.
int apus_jpeg_read_size(
    const uint8_t *file, size_t count, uint64_t most_pixels, apus_jpeg_size *size,
    char message[APUS_JPEG_MESSAGE_SIZE]);

/// Decodes into `pixels`, [height, width, channels]; `size` is what `apus_jpeg_read_size` gave.
///
/// - scratch: width · height · 4 bytes for a file of CMYK, else unused.
/// - warned: set to 1, and `message` to the library's words, where the data was damaged but could be decoded; else 0.
int apus_jpeg_decode(
    const uint8_t *file, size_t count, apus_jpeg_size size, uint8_t *pixels, uint8_t *scratch, int *warned,
    char message[APUS_JPEG_MESSAGE_SIZE]);

/// Encodes [height, width, channels], 1 (gray) or 3 (RGB, chroma halved both ways) channels, into a new block of
/// memory that `apus_jpeg_free` releases.
///
/// - quality: 1 (worst) to 100.
int apus_jpeg_encode(
    const uint8_t *pixels, apus_jpeg_size size, int quality, uint8_t **file, size_t *count,
    char message[APUS_JPEG_MESSAGE_SIZE]);

void apus_jpeg_free(uint8_t *file);

#endif
