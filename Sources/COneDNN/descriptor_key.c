#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char operation[] = "memory descriptor key";

/// A text that grows as `snprintf` counts: what does not fit is counted, not written.
typedef struct Text {
    char *buffer;
    size_t capacity;
    size_t length;
} Text;

__attribute__((format(printf, 2, 3))) static void append(Text *text, const char *format, ...) {
    bool fits = text->length < text->capacity;
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(fits ? text->buffer + text->length : NULL, fits ? text->capacity - text->length : 0, format,
        arguments);
    va_end(arguments);
    if (written > 0) text->length += (size_t)written;
}

static const char *typeName(dnnl_data_type_t type) {
    switch ((int)type) {
        case dnnl_f32: return "f32";
        case dnnl_bf16: return "bf16";
        case dnnl_s32: return "s32";
        case dnnl_u8: return "u8";
        case dnnl_s8: return "s8";
        default: return NULL;
    }
}

/// Neither the stride nor the place of such a dimension matters; oneDNN's comparison leaves them out too.
static bool isSingle(const ApusLayout *layout, int dimension) {
    return layout->dimensions[dimension] == 1 && layout->paddedDimensions[dimension] == 1;
}

static int64_t blockOf(const ApusLayout *layout, int dimension) {
    int64_t block = 1;
    for (int i = 0; i < layout->blockCount; i++) {
        if (layout->blockDimensions[i] == dimension) block *= layout->blocks[i];
    }
    return block;
}

/// Orders the dimensions by falling stride. Single ones follow the dimension before them, whatever their stride.
static void orderDimensions(const ApusLayout *layout, int *order) {
    int count = 0;
    for (int dimension = 0; dimension < layout->rank; dimension++) {
        if (isSingle(layout, dimension)) continue;
        int place = count++;
        while (place > 0 && layout->strides[order[place - 1]] < layout->strides[dimension]) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = dimension;
    }
    for (int dimension = 0; dimension < layout->rank; dimension++) {
        if (!isSingle(layout, dimension)) continue;
        int place = 0;
        for (int i = 0; i < count; i++) {
            if (order[i] == dimension - 1) place = i + 1;
        }
        for (int i = count++; i > place; i--) order[i] = order[i - 1];
        order[place] = dimension;
    }
}

static void appendBlocked(Text *text, const ApusLayout *layout) {
    int order[APUS_MAXIMUM_RANK] = {0};
    orderDimensions(layout, order);
    append(text, " ");
    for (int i = 0; i < layout->rank; i++) {
        append(text, "%c", (blockOf(layout, order[i]) > 1 ? 'A' : 'a') + order[i]);
    }
    for (int i = 0; i < layout->blockCount; i++) {
        append(text, "%" PRId64 "%c", layout->blocks[i], (char)('a' + layout->blockDimensions[i]));
    }
    append(text, " strides ");
    for (int i = 0; i < layout->rank; i++) {
        if (i > 0) append(text, ",");
        if (isSingle(layout, i)) append(text, "-");
        else append(text, "%" PRId64, layout->strides[i]);
    }
}

static void appendPadding(Text *text, const ApusLayout *layout) {
    append(text, " padded ");
    for (int i = 0; i < layout->rank; i++) append(text, i ? "x%" PRId64 : "%" PRId64, layout->paddedDimensions[i]);
    append(text, " offset %" PRId64, layout->offset);
    for (int i = 0; i < layout->rank; i++) append(text, ",%" PRId64, layout->paddedOffsets[i]);
}

#if APUS_ONEDNN_2

/// What a blocked layout holds beyond its elements: sums of int8 weights that correct for a signed source.
static bool appendExtra(Text *text, apus_borrowed_descriptor descriptor, const ApusLayout *layout) {
    (void)layout;
    const dnnl_memory_extra_desc_t *extra = &descriptor->extra;
    if (extra->flags == dnnl_memory_extra_flag_none) return true;
    append(text, " extra %" PRIu64 ",%d,%a,%d", extra->flags, extra->compensation_mask, (double)extra->scale_adjust,
        extra->asymm_compensation_mask);
    return true;
}

static bool appendOpaque(Text *text, apus_borrowed_descriptor descriptor) {
    if (descriptor->format_kind != dnnl_format_kind_wino) {
        apus_set_error(operation, "format kind", "packed weights of recurrent networks are not supported");
        return false;
    }
    const dnnl_wino_desc_t *winograd = &descriptor->format_desc.wino_desc;
    append(text, " winograd %d,%d,%d,%d,%d,%d,%d,%d,%d,%a,%zu", (int)winograd->wino_format, winograd->r,
        winograd->alpha, winograd->ic, winograd->oc, winograd->ic_block, winograd->oc_block, winograd->ic2_block,
        winograd->oc2_block, (double)winograd->adj_scale, winograd->size);
    return true;
}

#else

static bool appendBlob(Text *text, const char *title, apus_borrowed_descriptor descriptor) {
#if APUS_ONEDNN_SINCE(4, 1)
    static const char function[] = "dnnl_memory_desc_get_blob";
    size_t size = 0;
    if (!apus_check(dnnl_memory_desc_get_blob(NULL, &size, descriptor), operation, function)) return false;
    uint8_t *blob = malloc(size);
    if (!blob) {
        apus_set_error(operation, "malloc", "out of memory");
        return false;
    }
    bool succeeded = apus_check(dnnl_memory_desc_get_blob(blob, &size, descriptor), operation, function);
    append(text, " %s ", title);
    for (size_t i = 0; succeeded && i < size; i++) append(text, "%02x", blob[i]);
    free(blob);
    return succeeded;
#else
    (void)text;
    (void)title;
    (void)descriptor;
    apus_set_error(operation, "dnnl_memory_desc_get_blob", "opaque layouts need oneDNN 2.x or at least 3.4.1");
    return false;
#endif
}

/// 3.x does not tell whether int8 weights carry sums that correct for a signed source, but then they are larger than
/// their elements. Versions differ in whether the stride of a single dimension counts for the size.
static bool appendExtra(Text *text, apus_borrowed_descriptor descriptor, const ApusLayout *layout) {
    if (layout->type != dnnl_s8) return true;
    size_t bytes = dnnl_memory_desc_get_size(descriptor);
    int64_t blocks = 1;
    for (int i = 0; i < layout->blockCount; i++) blocks *= layout->blocks[i];
    int64_t elements = blocks;
    int64_t elementsOfAll = blocks;
    for (int i = 0; i < layout->rank; i++) {
        int64_t extent = layout->paddedDimensions[i] / blockOf(layout, i) * layout->strides[i];
        if (extent > elementsOfAll) elementsOfAll = extent;
        if (extent > elements && !isSingle(layout, i)) elements = extent;
    }
    if (bytes == 0 || bytes == (size_t)elements || bytes == (size_t)elementsOfAll) return true;
    return appendBlob(text, "extra", descriptor);
}

static bool appendOpaque(Text *text, apus_borrowed_descriptor descriptor) {
    return appendBlob(text, "opaque", descriptor);
}

#endif

int apus_memory_descriptor_key(const ApusMemoryDescriptor *descriptor, char *buffer, size_t capacity) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return -1;
    const char *type = typeName(layout.type);
    if (!type) {
        apus_set_error(operation, "data type", "not one of ApusOneDNNDataType");
        return -1;
    }
    Text text = {buffer, buffer ? capacity : 0, 0};
    append(&text, "%s ", type);
    for (int i = 0; i < layout.rank; i++) append(&text, i ? "x%" PRId64 : "%" PRId64, layout.dimensions[i]);
    if (layout.kind == dnnl_format_kind_any) {
        append(&text, " any");
        return (int)text.length;
    }
    bool succeeded;
    if (layout.kind == dnnl_blocked) {
        appendBlocked(&text, &layout);
        succeeded = appendExtra(&text, apus_borrow(descriptor), &layout);
    } else {
        succeeded = appendOpaque(&text, apus_borrow(descriptor));
    }
    appendPadding(&text, &layout);
    return succeeded ? (int)text.length : -1;
}
