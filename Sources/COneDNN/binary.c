#include "internal.h"

static const char operation[] = "binary function";

static dnnl_alg_kind_t algorithm(ApusBinary function) {
    switch (function) {
        case ApusBinaryAdd: return dnnl_binary_add;
        case ApusBinarySubtract: return dnnl_binary_sub;
        case ApusBinaryMultiply: return dnnl_binary_mul;
        case ApusBinaryDivide: return dnnl_binary_div;
        case ApusBinaryMaximum: return dnnl_binary_max;
        case ApusBinaryMinimum: return dnnl_binary_min;
    }
    return dnnl_alg_kind_undef;
}

static dnnl_primitive_desc_t binaryDescriptor(dnnl_alg_kind_t function, apus_borrowed_descriptor left,
    apus_borrowed_descriptor right, apus_borrowed_descriptor dst, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_binary_desc_t description;
    if (!apus_check(dnnl_binary_desc_init(&description, function, left, right, dst), operation,
            "dnnl_binary_desc_init"))
        return NULL;
    dnnl_status_t status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL);
    return apus_check(status, operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status
        = dnnl_binary_primitive_desc_create(&result, apus_engine(), function, left, right, dst, attributes);
    return apus_check(status, operation, "dnnl_binary_primitive_desc_create") ? result : NULL;
#endif
}

/// Whether oneDNN computes post-operations over this layout correctly.
///
/// In 2.5 and 2.6 a binary primitive with post-operations computes wrong values, and writes past the end of the memory,
/// where blocks of channels are not whole vectors of the instruction set: 20 or 24 channels in blocks of 8 on AVX-512,
/// 20 channels in blocks of 16 on AVX2. Multiples of 16 channels are right everywhere, as is every layout in 3.2.
static bool allowsPostOperations(const ApusMemoryDescriptor *descriptor) {
    ApusLayout layout;
    if (!apus_layout(apus_borrow(descriptor), &layout)) return false;
    if (!APUS_ONEDNN_2 || layout.blockCount == 0 || layout.dimensions[1] % 16 == 0) return true;
    apus_set_error(operation, "post-operations", "wrong in oneDNN 2.x for blocks of channels that 16 does not divide");
    return false;
}

ApusOneDNNPrimitive *apus_onednn_binary(ApusBinary function, const ApusMemoryDescriptor *left,
    const ApusMemoryDescriptor *right, const ApusMemoryDescriptor *dst, ApusPostOperations postOperations) {
    if (!apus_engine()) return NULL;
    bool hasPostOperations = postOperations.sum || postOperations.activation != ApusOneDNNActivationNone;
    if (hasPostOperations && !(allowsPostOperations(left) && allowsPostOperations(dst))) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, &postOperations);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = binaryDescriptor(algorithm(function), apus_borrow(left), apus_borrow(right),
        apus_borrow(dst), attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}
