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

static dnnl_primitive_desc_t backwardDescriptor(const char *operation, const ApusEltwise *eltwise,
    apus_borrowed_descriptor gradientData, apus_borrowed_descriptor data, dnnl_primitive_desc_t hint,
    dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_eltwise_desc_t description;
    dnnl_status_t status = dnnl_eltwise_backward_desc_init(&description, eltwise->algorithm, gradientData, data,
        eltwise->alpha, eltwise->beta);
    if (!apus_check(status, operation, "dnnl_eltwise_backward_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), hint);
    return apus_check(status, operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_eltwise_backward_primitive_desc_create(&result, apus_engine(), eltwise->algorithm,
        gradientData, gradientData, data, eltwise->alpha, eltwise->beta, hint, attributes);
    return apus_check(status, operation, "dnnl_eltwise_backward_primitive_desc_create") ? result : NULL;
#endif
}

/// oneDNN has algorithms of their own for derivatives that are computed from the result.
static bool useDestination(const char *operation, ApusEltwise *eltwise) {
    switch ((int)eltwise->algorithm) {
        case dnnl_eltwise_relu: eltwise->algorithm = dnnl_eltwise_relu_use_dst_for_bwd; return true;
        case dnnl_eltwise_logistic: eltwise->algorithm = dnnl_eltwise_logistic_use_dst_for_bwd; return true;
        case dnnl_eltwise_tanh: eltwise->algorithm = dnnl_eltwise_tanh_use_dst_for_bwd; return true;
        case dnnl_eltwise_elu: eltwise->algorithm = dnnl_eltwise_elu_use_dst_for_bwd; return true;
        case dnnl_eltwise_sqrt: eltwise->algorithm = dnnl_eltwise_sqrt_use_dst_for_bwd; return true;
        case dnnl_eltwise_exp: eltwise->algorithm = dnnl_eltwise_exp_use_dst_for_bwd; return true;
        case dnnl_eltwise_clip_v2: eltwise->algorithm = dnnl_eltwise_clip_v2_use_dst_for_bwd; return true;
        default:
            apus_set_error(operation, "fromDestination", "this function's derivative needs the source");
            return false;
    }
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

ApusOneDNNPrimitive *apus_onednn_eltwise_backward(const ApusMemoryDescriptor *gradientData,
    const ApusMemoryDescriptor *data, ApusOneDNNActivation activation, float alpha, float beta, bool fromDestination) {
    static const char operation[] = "elementwise function backward";
    ApusEltwise eltwise;
    if (!apus_eltwise(activation, alpha, beta, &eltwise)) {
        apus_set_error(operation, "activation", "expected a function, not none");
        return NULL;
    }
    if (fromDestination && !useDestination(operation, &eltwise)) return NULL;
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint
        = forwardDescriptor(operation, dnnl_forward_training, &eltwise, apus_borrow(data), attributes);
    if (hint) {
        descriptor
            = backwardDescriptor(operation, &eltwise, apus_borrow(gradientData), apus_borrow(data), hint, attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}
