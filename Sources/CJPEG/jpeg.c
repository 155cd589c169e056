#include "apus_jpeg.h"

#include <limits.h>
#include <string.h>

#include <turbojpeg.h>

static void copy_message(char message[APUS_JPEG_MESSAGE_SIZE], const char *text) {
    strncpy(message, text, APUS_JPEG_MESSAGE_SIZE - 1);
    message[APUS_JPEG_MESSAGE_SIZE - 1] = 0;
}

int apus_jpeg_read_size(
    const uint8_t *file, size_t count, uint64_t most_pixels, apus_jpeg_size *size,
    char message[APUS_JPEG_MESSAGE_SIZE]) {
    tjhandle handle = tjInitDecompress();
    if (!handle) {
        copy_message(message, tjGetErrorStr2(NULL));
        return 1;
    }
    int width = 0, height = 0, subsampling = 0, colorspace = 0;
    int status = tjDecompressHeader3(handle, file, count, &width, &height, &subsampling, &colorspace);
    // A warning (a marker segment of odd length, say) leaves a header that can be used.
    if (status != 0 && tjGetErrorCode(handle) != TJERR_WARNING) {
        copy_message(message, tjGetErrorStr2(handle));
        tjDestroy(handle);
        return 1;
    }
    tjDestroy(handle);
    if (width <= 0 || height <= 0) {
        copy_message(message, "the header names no size");
        return 1;
    }
    if ((uint64_t)width * (uint64_t)height > most_pixels) {
        copy_message(message, "too many pixels");
        return 1;
    }
    size->width = (uint32_t)width;
    size->height = (uint32_t)height;
    size->is_cmyk = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
    size->channels = colorspace == TJCS_GRAY ? 1 : 3;
    return 0;
}

// a · b / 255, rounded, for bytes (Blinn: "Three wrongs make a right", 1995): the rule that Pillow uses.
static inline int times_byte(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

// Adobe's files hold 255 - ink. R = (255 - K) - C · (255 - K) / 255, and likewise G and B.
static void rgb_from_adobe_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++) {
        int light = cmyk[4 * i + 3];
        for (int channel = 0; channel < 3; channel++) {
            int value = light - times_byte(255 - cmyk[4 * i + channel], light);
            rgb[3 * i + channel] = (uint8_t)(value < 0 ? 0 : value);
        }
    }
}

int apus_jpeg_decode(
    const uint8_t *file, size_t count, apus_jpeg_size size, uint8_t *pixels, uint8_t *scratch, int *warned,
    char message[APUS_JPEG_MESSAGE_SIZE]) {
    *warned = 0;
    tjhandle handle = tjInitDecompress();
    if (!handle) {
        copy_message(message, tjGetErrorStr2(NULL));
        return 1;
    }
    int width = 0, height = 0, subsampling = 0, colorspace = 0;
    int status = tjDecompressHeader3(handle, file, count, &width, &height, &subsampling, &colorspace);
    if ((status != 0 && tjGetErrorCode(handle) != TJERR_WARNING) || (uint32_t)width != size.width ||
        (uint32_t)height != size.height) {
        copy_message(message, status ? tjGetErrorStr2(handle) : "the size differs from the one that was read first");
        tjDestroy(handle);
        return 1;
    }
    int format = size.is_cmyk ? TJPF_CMYK : size.channels == 1 ? TJPF_GRAY : TJPF_RGB;
    // A progressive file of endless scans would take minutes: the library stops after 500.
    status = tjDecompress2(
        handle, file, count, size.is_cmyk ? scratch : pixels, width, 0, height, format,
        TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
    if (status != 0) {
        copy_message(message, tjGetErrorStr2(handle));
        if (tjGetErrorCode(handle) != TJERR_WARNING) {
            tjDestroy(handle);
            return 1;
        }
        *warned = 1;
    }
    tjDestroy(handle);
    if (size.is_cmyk) rgb_from_adobe_cmyk(scratch, pixels, (size_t)size.width * size.height);
    return 0;
}

int apus_jpeg_encode(
    const uint8_t *pixels, apus_jpeg_size size, int quality, uint8_t **file, size_t *count,
    char message[APUS_JPEG_MESSAGE_SIZE]) {
    // 65500: the most that the library writes (jmorecfg.h).
    if (size.width > 65500 || size.height > 65500) {
        copy_message(message, "a JPEG has at most 65500 pixels each way");
        return 1;
    }
    tjhandle handle = tjInitCompress();
    if (!handle) {
        copy_message(message, tjGetErrorStr2(NULL));
        return 1;
    }
    unsigned char *bytes = NULL;
    unsigned long byteCount = 0;
    int status = tjCompress2(
        handle, pixels, (int)size.width, 0, (int)size.height, size.channels == 1 ? TJPF_GRAY : TJPF_RGB, &bytes,
        &byteCount, size.channels == 1 ? TJSAMP_GRAY : TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
    if (status != 0) {
        copy_message(message, tjGetErrorStr2(handle));
        tjFree(bytes);
        tjDestroy(handle);
        return 1;
    }
    tjDestroy(handle);
    *file = bytes;
    *count = byteCount;
    return 0;
}

void apus_jpeg_free(uint8_t *file) { tjFree(file); }
