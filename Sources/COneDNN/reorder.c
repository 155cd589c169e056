#include "internal.h"

ApusOneDNNPrimitive *apus_onednn_reorder(const ApusMemoryDescriptor *src, const ApusMemoryDescriptor *dst,
    ApusPostOperations postOperations) {
    static const char operation[] = "reorder";
    dnnl_engine_t engine = apus_engine();
    if (!engine) return NULL;
    if (postOperations.activation != ApusOneDNNActivationNone) {
        apus_set_error(operation, "post-operations", "only the sum is allowed");
        return NULL;
    }
    dnnl_primitive_attr_t attributes = apus_attributes(operation, &postOperations);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&descriptor, apus_borrow(src), engine, apus_borrow(dst),
        engine, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (!apus_check(status, operation, "dnnl_reorder_primitive_desc_create")) return NULL;
    return apus_primitive(operation, descriptor);
}
