#include "internal.h"

static dnnl_primitive_desc_t forwardDescriptor(const char *operation, dnnl_prop_kind_t propagation,
    apus_borrowed_descriptor data, int axis, bool logarithm, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    // 2.5 has softmax and its logarithm as two kinds of primitive, which later 2.x keep. Their descriptions are one
    // type.
    dnnl_softmax_desc_t description;
    dnnl_status_t status = (logarithm ? dnnl_logsoftmax_forward_desc_init : dnnl_softmax_forward_desc_init)(
        &description, propagation, data, axis);
    if (!apus_check(status, operation, "dnnl_softmax_forward_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL);
    return apus_check(status, operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_softmax_forward_primitive_desc_create(&result, apus_engine(), propagation,
        logarithm ? dnnl_softmax_log : dnnl_softmax_accurate, data, data, axis, attributes);
    return apus_check(status, operation, "dnnl_softmax_forward_primitive_desc_create") ? result : NULL;
#endif
}

static dnnl_primitive_desc_t backwardDescriptor(const char *operation, apus_borrowed_descriptor gradientData,
    apus_borrowed_descriptor data, int axis, bool logarithm, dnnl_primitive_desc_t hint,
    dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_softmax_desc_t description;
    dnnl_status_t status = (logarithm ? dnnl_logsoftmax_backward_desc_init : dnnl_softmax_backward_desc_init)(
        &description, gradientData, data, axis);
    if (!apus_check(status, operation, "dnnl_softmax_backward_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), hint);
    return apus_check(status, operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_softmax_backward_primitive_desc_create(&result, apus_engine(),
        logarithm ? dnnl_softmax_log : dnnl_softmax_accurate, gradientData, gradientData, data, axis, hint,
        attributes);
    return apus_check(status, operation, "dnnl_softmax_backward_primitive_desc_create") ? result : NULL;
#endif
}

ApusOneDNNPrimitive *apus_onednn_softmax_forward(const ApusMemoryDescriptor *data, int axis, bool logarithm,
    bool training) {
    static const char operation[] = "softmax forward";
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = forwardDescriptor(operation,
        training ? dnnl_forward_training : dnnl_forward_inference, apus_borrow(data), axis, logarithm, attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}

ApusOneDNNPrimitive *apus_onednn_softmax_backward(const ApusMemoryDescriptor *gradientData,
    const ApusMemoryDescriptor *data, int axis, bool logarithm) {
    static const char operation[] = "softmax backward";
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint
        = forwardDescriptor(operation, dnnl_forward_training, apus_borrow(data), axis, logarithm, attributes);
    if (hint) {
        descriptor = backwardDescriptor(operation, apus_borrow(gradientData), apus_borrow(data), axis, logarithm, hint,
            attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}
