#include "internal.h"

static const char operation[] = "matrix product";

static dnnl_primitive_desc_t matmulDescriptor(apus_borrowed_descriptor src, apus_borrowed_descriptor weights,
    apus_borrowed_descriptor bias, apus_borrowed_descriptor dst, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_matmul_desc_t description;
    if (!apus_check(dnnl_matmul_desc_init(&description, src, weights, bias, dst), operation, "dnnl_matmul_desc_init"))
        return NULL;
    return apus_check(dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL), operation,
               "dnnl_primitive_desc_create")
        ? result
        : NULL;
#else
    return apus_check(
               dnnl_matmul_primitive_desc_create(&result, apus_engine(), src, weights, bias, dst, attributes),
               operation, "dnnl_matmul_primitive_desc_create")
        ? result
        : NULL;
#endif
}

/// oneDNN wants a bias of the rank of the result: a vector [N] becomes [1, …, 1, N], the same memory.
static ApusMemoryDescriptor *spreadBias(const ApusMemoryDescriptor *bias, int rank) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(bias), &layout)) return NULL;
    if (layout.rank != 1) return apus_memory_descriptor_clone(bias);
    int64_t dimensions[APUS_MAXIMUM_RANK];
    for (int i = 0; i < rank; i++) dimensions[i] = 1;
    dimensions[rank - 1] = layout.dimensions[0];
    ApusOneDNNDataType type = layout.type == dnnl_bf16 ? ApusOneDNNDataTypeBFloat16
        : layout.type == dnnl_s32                ? ApusOneDNNDataTypeInt32
        : layout.type == dnnl_u8                 ? ApusOneDNNDataTypeUInt8
        : layout.type == dnnl_s8                 ? ApusOneDNNDataTypeInt8
                                                 : ApusOneDNNDataTypeFloat32;
    return apus_memory_descriptor_create(rank, dimensions, NULL, type);
}

ApusOneDNNPrimitive *apus_onednn_matmul(const ApusMemoryDescriptor *src, const ApusMemoryDescriptor *weights,
    const ApusMemoryDescriptor *bias, const ApusMemoryDescriptor *dst, ApusPostOperations postOperations) {
    if (!apus_engine()) return NULL;
    ApusMemoryDescriptor *spread = NULL;
    if (bias) {
        spread = spreadBias(bias, apus_memory_descriptor_rank(dst));
        if (!spread) return NULL;
    }
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, &postOperations);
    if (attributes) {
        descriptor = matmulDescriptor(apus_borrow(src), apus_borrow(weights), apus_borrow(spread), apus_borrow(dst),
            attributes);
        dnnl_primitive_attr_destroy(attributes);
    }
    apus_memory_descriptor_free(spread);
    return apus_primitive(operation, descriptor);
}
