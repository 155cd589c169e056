#include "apus_png.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
    const uint8_t *bytes;
    size_t count;
    size_t position;
} source_t;

typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} sink_t;

static void on_error(png_structp png, png_const_charp text) {
    char *message = png_get_error_ptr(png);
    strncpy(message, text, APUS_PNG_MESSAGE_SIZE - 1);
    message[APUS_PNG_MESSAGE_SIZE - 1] = 0;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    source_t *source = png_get_io_ptr(png);
    if (count > source->count - source->position) png_error(png, "the file ends early");
    memcpy(target, source->bytes + source->position, count);
    source->position += count;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
    sink_t *sink = png_get_io_ptr(png);
    if (count > sink->capacity - sink->count) {
        size_t capacity = sink->capacity * 2 + count + 4096;
        uint8_t *grown = realloc(sink->bytes, capacity);
        if (!grown) png_error(png, "no memory");
        sink->bytes = grown;
        sink->capacity = capacity;
    }
    memcpy(sink->bytes + sink->count, bytes, count);
    sink->count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

// Reads up to the first row, and asks for samples of 8 bits as they are stored. The caller has set the jump.
// The number of pixels is checked before anybody makes room for them: against the limit, and against what a file of
// `count` bytes can hold. Returns whether samples are gray of 16 bits, which stay as they are.
static int read_header(png_structp png, png_infop info, size_t count, uint64_t most_pixels) {
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Texts, profiles and other chunks that tell nothing about the samples are skipped: some of them are compressed,
    // and would expand to megabytes.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    uint64_t pixels = (uint64_t)png_get_image_width(png, info) * png_get_image_height(png, info);
    if (pixels > most_pixels) png_error(png, "too many pixels");
    uint64_t bits = (uint64_t)png_get_bit_depth(png, info) * png_get_channels(png, info);
    // 1032: the most bytes that one byte of deflate can expand to (zlib's technical details).
    if (pixels * bits / 8 > 1032 * (uint64_t)count) png_error(png, "more pixels than a file of this size can hold");
    int is_gray_16 = png_get_bit_depth(png, info) == 16 && png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY;
    if (!is_gray_16) {
        png_set_expand(png);
        png_set_strip_16(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return is_gray_16;
}

int apus_png_read_size(
    const uint8_t *file, size_t count, uint64_t most_pixels, apus_png_size *size, char message[APUS_PNG_MESSAGE_SIZE]) {
    source_t source = {file, count, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        strcpy(message, "no memory");
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 1;
    }
    png_set_read_fn(png, &source, read_bytes);
    read_header(png, info, count, most_pixels);
    size->width = png_get_image_width(png, info);
    size->height = png_get_image_height(png, info);
    size->channels = png_get_channels(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}

int apus_png_decode(
    const uint8_t *file, size_t count, apus_png_size size, uint8_t *pixels, char message[APUS_PNG_MESSAGE_SIZE]) {
    source_t source = {file, count, 0};
    // Made before the jump is set, so that no local changes between setjmp and longjmp. The second half of `wide` is
    // for samples of 16 bits, which few files have; the system gives a page only when it is written to.
    png_bytepp rows = malloc(sizeof(png_bytep) * (size.height ? size.height : 1));
    size_t samples = (size_t)size.width * size.height;
    uint8_t *wide = size.channels == 1 ? malloc(samples ? 2 * samples : 1) : NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!rows || !info || (size.channels == 1 && !wide)) {
        free(rows);
        free(wide);
        png_destroy_read_struct(&png, NULL, NULL);
        strcpy(message, "no memory");
        return 1;
    }
    size_t row_bytes = (size_t)size.width * size.channels;
    for (uint32_t y = 0; y < size.height; y++) rows[y] = pixels + y * row_bytes;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(rows);
        free(wide);
        return 1;
    }
    png_set_read_fn(png, &source, read_bytes);
    int is_gray_16 = read_header(png, info, count, samples);
    if (is_gray_16 && wide) {
        for (uint32_t y = 0; y < size.height; y++) rows[y] = wide + y * row_bytes * 2;
    }
    if (png_get_rowbytes(png, info) != row_bytes * (is_gray_16 ? 2 : 1) ||
        png_get_image_height(png, info) != size.height)
        png_error(png, "the size differs from the one that was read first");
    png_read_image(png, rows);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    // Big-endian numbers above 255 become 255.
    for (size_t i = 0; is_gray_16 && i < samples; i++) pixels[i] = wide[2 * i] ? 255 : wide[2 * i + 1];
    free(rows);
    free(wide);
    return 0;
}

int apus_png_encode(
    const uint8_t *pixels, apus_png_size size, uint8_t **file, size_t *count, char message[APUS_PNG_MESSAGE_SIZE]) {
    static const int color_types[] = {
        PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    sink_t sink = {NULL, 0, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        strcpy(message, "no memory");
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        free(sink.bytes);
        return 1;
    }
    png_set_write_fn(png, &sink, write_bytes, flush_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(
        png, info, size.width, size.height, 8, color_types[size.channels - 1], PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    size_t row_bytes = (size_t)size.width * size.channels;
    for (uint32_t y = 0; y < size.height; y++) png_write_row(png, pixels + y * row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *file = sink.bytes;
    *count = sink.count;
    return 0;
}
