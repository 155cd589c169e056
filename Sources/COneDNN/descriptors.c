#include "internal.h"

#include <stdlib.h>
#include <string.h>

static const char operation[] = "memory descriptor";

// MARK: - Types

static dnnl_data_type_t dataType(ApusOneDNNDataType type) {
    switch (type) {
        case ApusOneDNNDataTypeFloat32: return dnnl_f32;
        case ApusOneDNNDataTypeBFloat16: return dnnl_bf16;
        case ApusOneDNNDataTypeInt32: return dnnl_s32;
        case ApusOneDNNDataTypeUInt8: return dnnl_u8;
        case ApusOneDNNDataTypeInt8: return dnnl_s8;
    }
    return dnnl_data_type_undef;
}

static bool hasValidRank(int rank) {
    if (rank >= 1 && rank <= APUS_MAXIMUM_RANK) return true;
    apus_set_error(operation, "rank", "expected 1 to 12");
    return false;
}

// MARK: - Creation and release

static ApusMemoryDescriptor *allocate(void) {
    ApusMemoryDescriptor *descriptor = calloc(1, sizeof *descriptor);
    if (!descriptor) apus_set_error(operation, "calloc", "out of memory");
    return descriptor;
}

/// Keeps the handle if oneDNN filled it in, releases it otherwise.
static ApusMemoryDescriptor *finish(ApusMemoryDescriptor *descriptor, dnnl_status_t status, const char *function) {
    if (apus_check(status, operation, function)) return descriptor;
    free(descriptor);
    return NULL;
}

static ApusMemoryDescriptor *createByTag(int rank, const int64_t *dimensions, dnnl_data_type_t type,
    dnnl_format_tag_t tag) {
    ApusMemoryDescriptor *descriptor = allocate();
    if (!descriptor) return NULL;
#if APUS_ONEDNN_2
    return finish(descriptor, dnnl_memory_desc_init_by_tag(&descriptor->value, rank, dimensions, type, tag),
        "dnnl_memory_desc_init_by_tag");
#else
    return finish(descriptor, dnnl_memory_desc_create_with_tag(&descriptor->handle, rank, dimensions, type, tag),
        "dnnl_memory_desc_create_with_tag");
#endif
}

ApusMemoryDescriptor *apus_memory_descriptor_create(int rank, const int64_t *dimensions, const int64_t *strides,
    ApusOneDNNDataType type) {
    if (!hasValidRank(rank)) return NULL;
    ApusMemoryDescriptor *descriptor = allocate();
    if (!descriptor) return NULL;
#if APUS_ONEDNN_2
    // Without strides this function makes a row-major descriptor.
    return finish(descriptor,
        dnnl_memory_desc_init_by_strides(&descriptor->value, rank, dimensions, dataType(type), strides),
        "dnnl_memory_desc_init_by_strides");
#else
    return finish(descriptor,
        dnnl_memory_desc_create_with_strides(&descriptor->handle, rank, dimensions, dataType(type), strides),
        "dnnl_memory_desc_create_with_strides");
#endif
}

ApusMemoryDescriptor *apus_memory_descriptor_create_any(int rank, const int64_t *dimensions, ApusOneDNNDataType type) {
    if (!hasValidRank(rank)) return NULL;
    return createByTag(rank, dimensions, dataType(type), dnnl_format_tag_any);
}

ApusMemoryDescriptor *apus_memory_descriptor_create_vector(int64_t count, ApusOneDNNDataType type) {
    return apus_memory_descriptor_create(1, &count, NULL, type);
}

ApusMemoryDescriptor *apus_memory_descriptor_create_channel_blocked(int rank, const int64_t *dimensions, int block,
    ApusOneDNNDataType type) {
    static const dnnl_format_tag_t tags[3][3] = {
        {dnnl_nCw4c, dnnl_nCw8c, dnnl_nCw16c},
        {dnnl_nChw4c, dnnl_nChw8c, dnnl_nChw16c},
        {dnnl_nCdhw4c, dnnl_nCdhw8c, dnnl_nCdhw16c},
    };
    int column = block == 4 ? 0 : block == 8 ? 1 : block == 16 ? 2 : -1;
    if (rank < 3 || rank > 5 || column < 0) {
        apus_set_error(operation, "channel blocks", "expected rank 3 to 5 and blocks of 4, 8 or 16");
        return NULL;
    }
    return createByTag(rank, dimensions, dataType(type), tags[rank - 3][column]);
}

ApusMemoryDescriptor *apus_own(apus_borrowed_descriptor borrowed) {
    ApusMemoryDescriptor *descriptor = allocate();
    if (!descriptor) return NULL;
#if APUS_ONEDNN_2
    descriptor->value = *borrowed;
    return descriptor;
#else
    return finish(descriptor, dnnl_memory_desc_clone(&descriptor->handle, borrowed), "dnnl_memory_desc_clone");
#endif
}

ApusMemoryDescriptor *apus_memory_descriptor_clone(const ApusMemoryDescriptor *descriptor) {
    return apus_own(apus_borrow(descriptor));
}

void apus_memory_descriptor_free(ApusMemoryDescriptor *descriptor) {
    if (!descriptor) return;
#if !APUS_ONEDNN_2
    dnnl_memory_desc_destroy(descriptor->handle);
#endif
    free(descriptor);
}

// MARK: - Reading

bool apus_layout(apus_borrowed_descriptor descriptor, ApusLayout *layout) {
    memset(layout, 0, sizeof *layout);
#if APUS_ONEDNN_2
    layout->rank = descriptor->ndims;
    layout->type = descriptor->data_type;
    layout->kind = descriptor->format_kind;
    layout->offset = descriptor->offset0;
    size_t bytes = (size_t)layout->rank * sizeof(dnnl_dim_t);
    memcpy(layout->dimensions, descriptor->dims, bytes);
    memcpy(layout->paddedDimensions, descriptor->padded_dims, bytes);
    memcpy(layout->paddedOffsets, descriptor->padded_offsets, bytes);
    if (layout->kind != dnnl_blocked) return true;
    const dnnl_blocking_desc_t *blocking = &descriptor->format_desc.blocking;
    memcpy(layout->strides, blocking->strides, bytes);
    layout->blockCount = blocking->inner_nblks;
    bytes = (size_t)layout->blockCount * sizeof(dnnl_dim_t);
    memcpy(layout->blocks, blocking->inner_blks, bytes);
    memcpy(layout->blockDimensions, blocking->inner_idxs, bytes);
    return true;
#else
    static const char function[] = "dnnl_memory_desc_query";
    const dnnl_dims_t *dimensions, *paddedDimensions, *paddedOffsets, *strides, *blocks, *blockDimensions;
    if (!apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_ndims_s32, &layout->rank), operation, function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_format_kind, &layout->kind), operation, function))
        return false;
    // The descriptor of an absent argument has no dimensions, and then no other property either.
    if (layout->rank == 0) return true;
    if (!apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_data_type, &layout->type), operation, function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_dims, &dimensions), operation, function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_padded_dims, &paddedDimensions), operation,
            function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_padded_offsets, &paddedOffsets), operation,
            function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_submemory_offset_s64, &layout->offset),
            operation, function))
        return false;
    size_t bytes = (size_t)layout->rank * sizeof(dnnl_dim_t);
    memcpy(layout->dimensions, *dimensions, bytes);
    memcpy(layout->paddedDimensions, *paddedDimensions, bytes);
    memcpy(layout->paddedOffsets, *paddedOffsets, bytes);
    if (layout->kind != dnnl_blocked) return true;
    if (!apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_strides, &strides), operation, function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &layout->blockCount), operation,
            function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_inner_blks, &blocks), operation, function)
        || !apus_check(dnnl_memory_desc_query(descriptor, dnnl_query_inner_idxs, &blockDimensions), operation,
            function))
        return false;
    memcpy(layout->strides, *strides, bytes);
    bytes = (size_t)layout->blockCount * sizeof(dnnl_dim_t);
    memcpy(layout->blocks, *blocks, bytes);
    memcpy(layout->blockDimensions, *blockDimensions, bytes);
    return true;
#endif
}

bool apus_memory_descriptor_equal(const ApusMemoryDescriptor *left, const ApusMemoryDescriptor *right) {
    return dnnl_memory_desc_equal(apus_borrow(left), apus_borrow(right)) != 0;
}

size_t apus_memory_descriptor_bytes(const ApusMemoryDescriptor *descriptor) {
    return dnnl_memory_desc_get_size(apus_borrow(descriptor));
}

int apus_memory_descriptor_rank(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    return apus_layout(apus_borrow(descriptor), &layout) ? layout.rank : 0;
}

void apus_memory_descriptor_dimensions(const ApusMemoryDescriptor *descriptor, int64_t *dimensions) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return;
    memcpy(dimensions, layout.dimensions, (size_t)layout.rank * sizeof(int64_t));
}

ApusLayoutKind apus_memory_descriptor_kind(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return ApusLayoutKindOpaque;
    if (layout.kind == dnnl_format_kind_any) return ApusLayoutKindAny;
    return layout.kind == dnnl_blocked ? ApusLayoutKindBlocked : ApusLayoutKindOpaque;
}

// MARK: - Common layouts

static bool isPadded(const ApusLayout *layout) {
    for (int i = 0; i < layout->rank; i++) {
        if (layout->paddedDimensions[i] != layout->dimensions[i]) return true;
    }
    return false;
}

/// Whether a blocked layout is dense with the dimensions in the given order, outermost first, followed by at most one
/// inner block of the channels.
static bool isDense(const ApusLayout *layout, const int *order) {
    if (layout->kind != dnnl_blocked || layout->offset != 0 || layout->blockCount > 1) return false;
    int64_t block = layout->blockCount == 1 ? layout->blocks[0] : 1;
    int64_t expected = block;
    for (int i = layout->rank - 1; i >= 0; i--) {
        int dimension = order[i];
        bool isBlocked = layout->blockCount == 1 && layout->blockDimensions[0] == dimension;
        int64_t count = layout->paddedDimensions[dimension] / (isBlocked ? block : 1);
        if (layout->paddedOffsets[dimension] != 0) return false;
        // The stride of a dimension of size 1 reaches no element.
        if (count > 1 && layout->strides[dimension] != expected) return false;
        expected *= count;
    }
    return true;
}

static const int rowMajor[APUS_MAXIMUM_RANK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

bool apus_memory_descriptor_is_plain(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    return apus_layout(apus_borrow(descriptor), &layout) && layout.blockCount == 0 && !isPadded(&layout)
        && isDense(&layout, rowMajor);
}

bool apus_memory_descriptor_is_channels_last(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return false;
    if (layout.rank < 3 || layout.blockCount != 0 || isPadded(&layout)) return false;
    int order[APUS_MAXIMUM_RANK] = {0};
    for (int i = 1; i < layout.rank - 1; i++) order[i] = i + 1;
    order[layout.rank - 1] = 1;
    return isDense(&layout, order);
}

int apus_memory_descriptor_channel_block(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return 0;
    if (layout.blockCount != 1 || layout.blockDimensions[0] != 1 || !isDense(&layout, rowMajor)) return 0;
    return (int)layout.blocks[0];
}

bool apus_memory_descriptor_has_padding(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    return apus_layout(apus_borrow(descriptor), &layout) && isPadded(&layout);
}
