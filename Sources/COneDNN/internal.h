/// What the files of the shim share: the two versions of oneDNN behind one set of types, errors, and construction.
#ifndef APUS_CONEDNN_INTERNAL_H
#define APUS_CONEDNN_INTERNAL_H

#include "COneDNN.h"

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR == 2 && DNNL_VERSION_MINOR >= 5
#define APUS_ONEDNN_2 1
#elif DNNL_VERSION_MAJOR == 3
#define APUS_ONEDNN_2 0
#else
#error "Apus needs oneDNN 2.5 or later, or 3.x"
#endif

/// Whether the installed 3.x has at least this version.
#define APUS_ONEDNN_SINCE(minor, patch) \
    (DNNL_VERSION_MAJOR == 3 \
        && (DNNL_VERSION_MINOR > (minor) || (DNNL_VERSION_MINOR == (minor) && DNNL_VERSION_PATCH >= (patch))))

_Static_assert(APUS_MAXIMUM_RANK == DNNL_MAX_NDIMS, "the public limit is oneDNN's");

// MARK: - Descriptors

/// A borrowed descriptor, as both versions take it as a parameter and return it from queries; NULL if absent.
#if APUS_ONEDNN_2
typedef const dnnl_memory_desc_t *apus_borrowed_descriptor;
#else
typedef const_dnnl_memory_desc_t apus_borrowed_descriptor;
#endif

struct ApusMemoryDescriptor {
#if APUS_ONEDNN_2
    dnnl_memory_desc_t value;
#else
    dnnl_memory_desc_t handle;
#endif
};

/// Lends a descriptor to oneDNN; NULL stays NULL.
static inline apus_borrowed_descriptor apus_borrow(const ApusMemoryDescriptor *descriptor) {
#if APUS_ONEDNN_2
    return descriptor ? &descriptor->value : NULL;
#else
    return descriptor ? descriptor->handle : NULL;
#endif
}

/// Copies a borrowed descriptor into a new handle; NULL on failure, with the error set.
ApusMemoryDescriptor *apus_own(apus_borrowed_descriptor descriptor);

/// What both versions can tell of a descriptor. Strides and blocks only for blocked layouts.
typedef struct ApusLayout {
    int rank;
    dnnl_data_type_t type;
    dnnl_format_kind_t kind;
    dnnl_dims_t dimensions;
    dnnl_dims_t paddedDimensions;
    dnnl_dims_t paddedOffsets;
    dnnl_dim_t offset;
    dnnl_dims_t strides;
    int blockCount;
    dnnl_dims_t blocks;
    dnnl_dims_t blockDimensions;
} ApusLayout;

/// Reads a descriptor; returns false, with the error set, if oneDNN refuses.
bool apus_layout(apus_borrowed_descriptor descriptor, ApusLayout *layout);

// MARK: - Library

/// The CPU engine; NULL, with the error set, if oneDNN has none.
dnnl_engine_t apus_engine(void);

/// The stream that everything is executed on.
dnnl_stream_t apus_stream(void);

// MARK: - Errors

/// Keeps a message for `apus_onednn_last_error`.
void apus_set_error(const char *operation, const char *function, const char *reason);

/// Whether a call succeeded; otherwise keeps the operation, the oneDNN function and the name of the status.
bool apus_check(dnnl_status_t status, const char *operation, const char *function);

// MARK: - Primitives

/// Attributes with the caller's scratchpad and the given post-operations (NULL for none); NULL on failure, with the
/// error set.
dnnl_primitive_attr_t apus_attributes(const char *operation, const ApusPostOperations *postOperations);

/// oneDNN's function for an activation, with its parameters in the version's own terms.
typedef struct ApusEltwise {
    dnnl_alg_kind_t algorithm;
    float alpha;
    float beta;
} ApusEltwise;

/// Translates an activation; returns false for `none`.
bool apus_eltwise(ApusOneDNNActivation activation, float alpha, float beta, ApusEltwise *eltwise);

/// Makes a primitive from its descriptor, which it destroys.
///
/// @param operation a string literal, for messages.
/// @param descriptor NULL if making it failed (the error is set already): the result is NULL then.
ApusOneDNNPrimitive *apus_primitive(const char *operation, dnnl_primitive_desc_t descriptor);

/// A memory object of a primitive, and the address that it was last given.
typedef struct ApusSlot {
    int argument;
    dnnl_memory_t memory;
    void *data;
    bool empty;
} ApusSlot;

struct ApusOneDNNPrimitive {
    const char *operation;
    dnnl_primitive_t primitive;
    /// Belongs to `primitive`.
    const_dnnl_primitive_desc_t descriptor;
    /// Whether several sources are numbered from `DNNL_ARG_MULTIPLE_SRC` on.
    bool hasManySources;
    /// Whether a shift that the caller hands over is not passed on; see batch_normalization.c.
    bool ignoresShift;
    size_t scratchBytes;
    dnnl_memory_t scratch;
    void *scratchData;
    ApusSlot *slots;
    int slotCount;
    /// Room for the call of `dnnl_primitive_execute`: one entry per slot and one for the scratchpad.
    dnnl_exec_arg_t *callArguments;
};

/// oneDNN's number of an argument.
int apus_argument(const ApusOneDNNPrimitive *primitive, ApusArgumentRole role, int index);

#endif
