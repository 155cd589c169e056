#include "internal.h"

#include <stdlib.h>
#include <string.h>

ApusOneDNNPrimitive *apus_primitive(const char *operation, dnnl_primitive_desc_t descriptor) {
    if (!descriptor) return NULL;
    ApusOneDNNPrimitive *primitive = calloc(1, sizeof *primitive);
    if (!primitive) {
        apus_set_error(operation, "calloc", "out of memory");
        dnnl_primitive_desc_destroy(descriptor);
        return NULL;
    }
    primitive->operation = operation;
    bool succeeded
        = apus_check(dnnl_primitive_create(&primitive->primitive, descriptor), operation, "dnnl_primitive_create")
        && apus_check(dnnl_primitive_get_primitive_desc(primitive->primitive, &primitive->descriptor), operation,
            "dnnl_primitive_get_primitive_desc");
    dnnl_primitive_desc_destroy(descriptor);
    if (succeeded) {
        apus_borrowed_descriptor scratch
            = dnnl_primitive_desc_query_md(primitive->descriptor, dnnl_query_scratchpad_md, 0);
        primitive->scratchBytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
        if (primitive->scratchBytes > 0) {
            succeeded = apus_check(
                dnnl_memory_create(&primitive->scratch, scratch, apus_engine(), DNNL_MEMORY_NONE), operation,
                "dnnl_memory_create");
        }
    }
    if (succeeded) return primitive;
    apus_onednn_primitive_free(primitive);
    return NULL;
}

void apus_onednn_primitive_free(ApusOneDNNPrimitive *primitive) {
    if (!primitive) return;
    for (int i = 0; i < primitive->slotCount; i++) dnnl_memory_destroy(primitive->slots[i].memory);
    if (primitive->scratch) dnnl_memory_destroy(primitive->scratch);
    if (primitive->primitive) dnnl_primitive_destroy(primitive->primitive);
    free(primitive->slots);
    free(primitive->callArguments);
    free(primitive);
}

int apus_argument(const ApusOneDNNPrimitive *primitive, ApusArgumentRole role, int index) {
    switch (role) {
        case ApusArgumentRoleSource:
            return (primitive->hasManySources ? DNNL_ARG_MULTIPLE_SRC : DNNL_ARG_SRC_0) + index;
        case ApusArgumentRoleWeights: return DNNL_ARG_WEIGHTS;
        case ApusArgumentRoleBias: return DNNL_ARG_BIAS;
        case ApusArgumentRoleDestination: return DNNL_ARG_DST;
        case ApusArgumentRoleGradientSource: return DNNL_ARG_DIFF_SRC;
        case ApusArgumentRoleGradientWeights: return DNNL_ARG_DIFF_WEIGHTS;
        case ApusArgumentRoleGradientBias: return DNNL_ARG_DIFF_BIAS;
        case ApusArgumentRoleGradientDestination: return DNNL_ARG_DIFF_DST;
        case ApusArgumentRoleMean: return DNNL_ARG_MEAN;
        case ApusArgumentRoleVariance: return DNNL_ARG_VARIANCE;
        case ApusArgumentRoleScale: return DNNL_ARG_SCALE;
        case ApusArgumentRoleShift: return DNNL_ARG_SHIFT;
        case ApusArgumentRoleGradientScale: return DNNL_ARG_DIFF_SCALE;
        case ApusArgumentRoleGradientShift: return DNNL_ARG_DIFF_SHIFT;
        case ApusArgumentRoleWorkspace: return DNNL_ARG_WORKSPACE;
    }
    return 0;
}

ApusMemoryDescriptor *apus_onednn_primitive_descriptor(const ApusOneDNNPrimitive *primitive, ApusArgumentRole role,
    int index) {
    apus_borrowed_descriptor descriptor = dnnl_primitive_desc_query_md(
        primitive->descriptor, dnnl_query_exec_arg_md, apus_argument(primitive, role, index));
    ApusLayout layout;
    if (!descriptor || !apus_layout(descriptor, &layout) || layout.rank == 0) {
        apus_set_error(primitive->operation, "dnnl_primitive_desc_query_md", "no such argument");
        return NULL;
    }
    return apus_own(descriptor);
}

size_t apus_onednn_primitive_scratch_bytes(const ApusOneDNNPrimitive *primitive) {
    return primitive->scratchBytes;
}

const char *apus_onednn_primitive_implementation(const ApusOneDNNPrimitive *primitive) {
    const char *name = NULL;
    dnnl_status_t status = dnnl_primitive_desc_query(primitive->descriptor, dnnl_query_impl_info_str, 0, &name);
    return status == dnnl_success && name ? name : "unknown";
}

bool apus_onednn_is_reference(const ApusOneDNNPrimitive *primitive) {
    // The part of the name before a colon tells: "ref:any", "ref_int8:any", "bnorm_ref:any", and "conv:any+ref:any" of
    // a transposed convolution. "gemm:ref", on machines without generated code, is blocked and threaded: not meant.
    const char *name = apus_onednn_primitive_implementation(primitive);
    while (name) {
        size_t length = strcspn(name, ":+");
        for (size_t begin = 0; begin < length;) {
            size_t word = strcspn(name + begin, "_:+");
            if (word == 3 && strncmp(name + begin, "ref", 3) == 0) return true;
            begin += word + 1;
        }
        name = strchr(name, '+');
        if (name) name++;
    }
    return false;
}
