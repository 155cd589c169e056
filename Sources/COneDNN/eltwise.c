#include "internal.h"

static dnnl_primitive_desc_t forwardDescriptor(const char *operation, dnnl_prop_kind_t propagation,
    const ApusEltwise *eltwise, apus_borrowed_descriptor data, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_eltwise_desc_t description;
    dnnl_status_t status = dnnl_eltwise_forward_desc_init(&description, propagation, eltwise->algorithm, data,
        eltwise->alpha, eltwise->beta);
    if (!apus_check(status, operation, "dnnl_eltwise_forward_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL);
    return apus_check(status, operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_eltwise_forward_primitive_desc_create(&result, apus_engine(), propagation,
        eltwise->algorithm, data, data, eltwise->alpha, eltwise->beta, attributes);
    return apus_check(status, operation, "dnnl_eltwise_forward_primitive_desc_create") ? result : NULL;
#endif
}

ApusOneDNNPrimitive *apus_onednn_eltwise_forward(const ApusMemoryDescriptor *data, ApusOneDNNActivation activation,
    float alpha, float beta, bool training) {
    static const char operation[] = "elementwise function forward";
    ApusEltwise eltwise;
    if (!apus_eltwise(activation, alpha, beta, &eltwise)) {
        apus_set_error(operation, "activation", "expected a function, not none");
        return NULL;
    }
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = forwardDescriptor(operation,
        training ? dnnl_forward_training : dnnl_forward_inference, &eltwise, apus_borrow(data), attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}
