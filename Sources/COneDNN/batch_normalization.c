#include "internal.h"

/// The two versions number the flags differently.
static unsigned normalizationFlags(ApusBatchNormalizationOptions options) {
    unsigned flags = dnnl_normalization_flags_none;
    if (options & ApusBatchNormalizationOptionsGlobalStatistics) flags |= dnnl_use_global_stats;
    if (options & ApusBatchNormalizationOptionsScale) flags |= dnnl_use_scale;
    if (options & ApusBatchNormalizationOptionsShift) flags |= dnnl_use_shift;
    if (options & ApusBatchNormalizationOptionsFusedReLU) flags |= dnnl_fuse_norm_relu;
    return flags;
}

static dnnl_primitive_desc_t forwardDescriptor(const char *operation, dnnl_prop_kind_t propagation,
    apus_borrowed_descriptor data, float epsilon, unsigned flags, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_batch_normalization_desc_t description;
    if (!apus_check(dnnl_batch_normalization_forward_desc_init(&description, propagation, data, epsilon, flags),
            operation, "dnnl_batch_normalization_forward_desc_init"))
        return NULL;
    return apus_check(dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL), operation,
               "dnnl_primitive_desc_create")
        ? result
        : NULL;
#else
    return apus_check(dnnl_batch_normalization_forward_primitive_desc_create(&result, apus_engine(), propagation, data,
                          data, epsilon, flags, attributes),
               operation, "dnnl_batch_normalization_forward_primitive_desc_create")
        ? result
        : NULL;
#endif
}

static dnnl_primitive_desc_t backwardDescriptor(const char *operation, dnnl_prop_kind_t propagation,
    apus_borrowed_descriptor gradientData, apus_borrowed_descriptor data, float epsilon, unsigned flags,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_batch_normalization_desc_t description;
    if (!apus_check(dnnl_batch_normalization_backward_desc_init(&description, propagation, gradientData, data, epsilon,
                        flags),
            operation, "dnnl_batch_normalization_backward_desc_init"))
        return NULL;
    return apus_check(dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), hint), operation,
               "dnnl_primitive_desc_create")
        ? result
        : NULL;
#else
    return apus_check(dnnl_batch_normalization_backward_primitive_desc_create(&result, apus_engine(), propagation,
                          gradientData, gradientData, data, epsilon, flags, hint, attributes),
               operation, "dnnl_batch_normalization_backward_primitive_desc_create")
        ? result
        : NULL;
#endif
}

ApusOneDNNPrimitive *apus_onednn_batch_normalization_forward(const ApusMemoryDescriptor *data, float epsilon,
    ApusBatchNormalizationOptions options, bool training) {
    static const char operation[] = "batch normalization forward";
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor
        = forwardDescriptor(operation, training ? dnnl_forward_training : dnnl_forward_inference, apus_borrow(data),
            epsilon, normalizationFlags(options), attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(operation, descriptor);
}

ApusOneDNNPrimitive *apus_onednn_batch_normalization_backward(const ApusMemoryDescriptor *gradientData,
    const ApusMemoryDescriptor *data, float epsilon, ApusBatchNormalizationOptions options) {
    static const char operation[] = "batch normalization backward";
    if (!apus_engine()) return NULL;
    unsigned flags = normalizationFlags(options);
    // Without parameters there is only the gradient of the data to compute.
    bool hasParameters
        = options & (ApusBatchNormalizationOptionsScale | ApusBatchNormalizationOptionsShift);
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint
        = forwardDescriptor(operation, dnnl_forward_training, apus_borrow(data), epsilon, flags, attributes);
    if (hint) {
        descriptor = backwardDescriptor(operation, hasParameters ? dnnl_backward : dnnl_backward_data,
            apus_borrow(gradientData), apus_borrow(data), epsilon, flags, hint, attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    ApusOneDNNPrimitive *primitive = apus_primitive(operation, descriptor);
    // The gradient does not depend on the shift. 2.x insists on it nevertheless, 3.x refuses it: callers give it.
    if (primitive) primitive->ignoresShift = !APUS_ONEDNN_2;
    return primitive;
}
