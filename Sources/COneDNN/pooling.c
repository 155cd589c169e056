#include "internal.h"

typedef struct Pooling {
    /// For messages.
    const char *operation;
    dnnl_alg_kind_t algorithm;
    bool isDilated;
    dnnl_dims_t kernel;
    dnnl_dims_t stride;
    dnnl_dims_t dilation;
    dnnl_dims_t paddingBegin;
    dnnl_dims_t paddingEnd;
} Pooling;

static bool prepare(Pooling *pooling, ApusOneDNNPooling function, const ApusMemoryDescriptor *image, const int64_t *kernel,
    const int64_t *stride, const int64_t *dilation, const int64_t *paddingBegin, const int64_t *paddingEnd) {
    switch (function) {
        case ApusOneDNNPoolingMaximum: pooling->algorithm = dnnl_pooling_max; break;
        case ApusOneDNNPoolingAverageIncludePadding: pooling->algorithm = dnnl_pooling_avg_include_padding; break;
        case ApusOneDNNPoolingAverageExcludePadding: pooling->algorithm = dnnl_pooling_avg_exclude_padding; break;
    }
    int spatialRank = apus_memory_descriptor_rank(image) - 2;
    if (spatialRank < 1 || spatialRank > 3) {
        apus_set_error(pooling->operation, "rank", "expected 1 to 3 spatial dimensions");
        return false;
    }
    for (int i = 0; i < spatialRank; i++) {
        pooling->kernel[i] = kernel[i];
        pooling->stride[i] = stride[i];
        // oneDNN counts the elements skipped between two taps.
        pooling->dilation[i] = dilation ? dilation[i] - 1 : 0;
        pooling->isDilated = pooling->isDilated || pooling->dilation[i] != 0;
        pooling->paddingBegin[i] = paddingBegin[i];
        pooling->paddingEnd[i] = paddingEnd[i];
    }
    return true;
}

#if APUS_ONEDNN_2

/// 2.x has two kinds of pooling, and only the older one, without dilation, has fast implementations.
typedef union Description {
    dnnl_pooling_desc_t dense;
    dnnl_pooling_v2_desc_t dilated;
} Description;

static dnnl_primitive_desc_t create(const Pooling *pooling, const Description *description,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
    return apus_check(dnnl_primitive_desc_create(&result, description, attributes, apus_engine(), hint),
               pooling->operation, "dnnl_primitive_desc_create")
        ? result
        : NULL;
}

static dnnl_primitive_desc_t forwardDescriptor(const Pooling *pooling, dnnl_prop_kind_t propagation,
    apus_borrowed_descriptor src, apus_borrowed_descriptor dst, dnnl_primitive_attr_t attributes) {
    Description description;
    dnnl_status_t status = pooling->isDilated
        ? dnnl_pooling_v2_forward_desc_init(&description.dilated, propagation, pooling->algorithm, src, dst,
            pooling->stride, pooling->kernel, pooling->dilation, pooling->paddingBegin, pooling->paddingEnd)
        : dnnl_pooling_forward_desc_init(&description.dense, propagation, pooling->algorithm, src, dst,
            pooling->stride, pooling->kernel, pooling->paddingBegin, pooling->paddingEnd);
    if (!apus_check(status, pooling->operation, "dnnl_pooling_forward_desc_init")) return NULL;
    return create(pooling, &description, NULL, attributes);
}

static dnnl_primitive_desc_t backwardDescriptor(const Pooling *pooling, apus_borrowed_descriptor src,
    apus_borrowed_descriptor dst, dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
    Description description;
    dnnl_status_t status = pooling->isDilated
        ? dnnl_pooling_v2_backward_desc_init(&description.dilated, pooling->algorithm, src, dst, pooling->stride,
            pooling->kernel, pooling->dilation, pooling->paddingBegin, pooling->paddingEnd)
        : dnnl_pooling_backward_desc_init(&description.dense, pooling->algorithm, src, dst, pooling->stride,
            pooling->kernel, pooling->paddingBegin, pooling->paddingEnd);
    if (!apus_check(status, pooling->operation, "dnnl_pooling_backward_desc_init")) return NULL;
    return create(pooling, &description, hint, attributes);
}

#else

static dnnl_primitive_desc_t forwardDescriptor(const Pooling *pooling, dnnl_prop_kind_t propagation,
    apus_borrowed_descriptor src, apus_borrowed_descriptor dst, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
    dnnl_status_t status = dnnl_pooling_forward_primitive_desc_create(&result, apus_engine(), propagation,
        pooling->algorithm, src, dst, pooling->stride, pooling->kernel, pooling->dilation, pooling->paddingBegin,
        pooling->paddingEnd, attributes);
    return apus_check(status, pooling->operation, "dnnl_pooling_forward_primitive_desc_create") ? result : NULL;
}

static dnnl_primitive_desc_t backwardDescriptor(const Pooling *pooling, apus_borrowed_descriptor src,
    apus_borrowed_descriptor dst, dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
    dnnl_status_t status = dnnl_pooling_backward_primitive_desc_create(&result, apus_engine(), pooling->algorithm, src,
        dst, pooling->stride, pooling->kernel, pooling->dilation, pooling->paddingBegin, pooling->paddingEnd, hint,
        attributes);
    return apus_check(status, pooling->operation, "dnnl_pooling_backward_primitive_desc_create") ? result : NULL;
}

#endif

ApusOneDNNPrimitive *apus_onednn_pooling_forward(ApusOneDNNPooling function, const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *dst, const int64_t *kernel, const int64_t *stride, const int64_t *dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd, bool training) {
    Pooling pooling = {.operation = "pooling forward"};
    if (!prepare(&pooling, function, src, kernel, stride, dilation, paddingBegin, paddingEnd) || !apus_engine())
        return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(pooling.operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = forwardDescriptor(&pooling,
        training ? dnnl_forward_training : dnnl_forward_inference, apus_borrow(src), apus_borrow(dst), attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(pooling.operation, descriptor);
}

ApusOneDNNPrimitive *apus_onednn_pooling_backward(ApusOneDNNPooling function, const ApusMemoryDescriptor *gradientSrc,
    const ApusMemoryDescriptor *gradientDst, const int64_t *kernel, const int64_t *stride, const int64_t *dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd) {
    Pooling pooling = {.operation = "pooling backward"};
    if (!prepare(&pooling, function, gradientSrc, kernel, stride, dilation, paddingBegin, paddingEnd)
        || !apus_engine())
        return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(pooling.operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint = forwardDescriptor(&pooling, dnnl_forward_training, apus_borrow(gradientSrc),
        apus_borrow(gradientDst), attributes);
    if (hint) {
        descriptor = backwardDescriptor(&pooling, apus_borrow(gradientSrc), apus_borrow(gradientDst), hint, attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(pooling.operation, descriptor);
}
