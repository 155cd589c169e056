#include "internal.h"

/// What the three passes of a convolution take.
typedef struct Convolution {
    /// For messages.
    const char *operation;
    dnnl_alg_kind_t algorithm;
    dnnl_dims_t stride;
    dnnl_dims_t dilation;
    dnnl_dims_t paddingBegin;
    dnnl_dims_t paddingEnd;
} Convolution;

static dnnl_alg_kind_t algorithmKind(ApusConvolutionAlgorithm algorithm) {
    switch (algorithm) {
        case ApusConvolutionAlgorithmDirect: return dnnl_convolution_direct;
        case ApusConvolutionAlgorithmWinograd: return dnnl_convolution_winograd;
        case ApusConvolutionAlgorithmAutomatic: return dnnl_convolution_auto;
    }
    return dnnl_convolution_auto;
}

/// Collects the parameters; the number of spatial dimensions is the rank of `image`, [N, C, spatial…], less 2.
static bool prepare(Convolution *convolution, const ApusMemoryDescriptor *image, const int64_t *stride,
    const int64_t *dilation, const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm) {
    int spatialRank = apus_memory_descriptor_rank(image) - 2;
    if (spatialRank < 1 || spatialRank > 3) {
        apus_set_error(convolution->operation, "rank", "expected 1 to 3 spatial dimensions");
        return false;
    }
    for (int i = 0; i < spatialRank; i++) {
        convolution->stride[i] = stride[i];
        // oneDNN counts the elements skipped between two taps.
        convolution->dilation[i] = dilation ? dilation[i] - 1 : 0;
        convolution->paddingBegin[i] = paddingBegin[i];
        convolution->paddingEnd[i] = paddingEnd[i];
    }
    convolution->algorithm = algorithmKind(algorithm);
    return true;
}

static dnnl_primitive_desc_t forwardDescriptor(const Convolution *convolution, bool training,
    apus_borrowed_descriptor src, apus_borrowed_descriptor weights, apus_borrowed_descriptor bias,
    apus_borrowed_descriptor dst, dnnl_primitive_attr_t attributes) {
    dnnl_prop_kind_t propagation = training ? dnnl_forward_training : dnnl_forward_inference;
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(&description,
        propagation, convolution->algorithm, src, weights, bias, dst, convolution->stride, convolution->dilation,
        convolution->paddingBegin, convolution->paddingEnd);
    if (!apus_check(status, convolution->operation, "dnnl_dilated_convolution_forward_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), NULL);
    return apus_check(status, convolution->operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create(&result,
        apus_engine(), propagation, convolution->algorithm, src, weights, bias, dst, convolution->stride,
        convolution->dilation, convolution->paddingBegin, convolution->paddingEnd, attributes);
    return apus_check(status, convolution->operation, "dnnl_convolution_forward_primitive_desc_create") ? result : NULL;
#endif
}

static dnnl_primitive_desc_t backwardDataDescriptor(const Convolution *convolution, apus_borrowed_descriptor src,
    apus_borrowed_descriptor weights, apus_borrowed_descriptor dst, dnnl_primitive_desc_t hint,
    dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(&description,
        convolution->algorithm, src, weights, dst, convolution->stride, convolution->dilation,
        convolution->paddingBegin, convolution->paddingEnd);
    if (!apus_check(status, convolution->operation, "dnnl_dilated_convolution_backward_data_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), hint);
    return apus_check(status, convolution->operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_convolution_backward_data_primitive_desc_create(&result,
        apus_engine(), convolution->algorithm, src, weights, dst, convolution->stride, convolution->dilation,
        convolution->paddingBegin, convolution->paddingEnd, hint, attributes);
    return apus_check(status, convolution->operation, "dnnl_convolution_backward_data_primitive_desc_create") ? result
                                                                                                              : NULL;
#endif
}

static dnnl_primitive_desc_t backwardWeightsDescriptor(const Convolution *convolution, apus_borrowed_descriptor src,
    apus_borrowed_descriptor weights, apus_borrowed_descriptor bias, apus_borrowed_descriptor dst,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
    dnnl_primitive_desc_t result = NULL;
#if APUS_ONEDNN_2
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(&description, convolution->algorithm, src, weights,
        bias, dst, convolution->stride, convolution->dilation, convolution->paddingBegin, convolution->paddingEnd);
    if (!apus_check(status, convolution->operation, "dnnl_dilated_convolution_backward_weights_desc_init")) return NULL;
    status = dnnl_primitive_desc_create(&result, &description, attributes, apus_engine(), hint);
    return apus_check(status, convolution->operation, "dnnl_primitive_desc_create") ? result : NULL;
#else
    dnnl_status_t status = dnnl_convolution_backward_weights_primitive_desc_create(&result, apus_engine(), convolution->algorithm,
        src, weights, bias, dst, convolution->stride, convolution->dilation, convolution->paddingBegin,
        convolution->paddingEnd, hint, attributes);
    return apus_check(status, convolution->operation, "dnnl_convolution_backward_weights_primitive_desc_create")
        ? result
        : NULL;
#endif
}

// MARK: - The three passes

static ApusOneDNNPrimitive *forward(Convolution *convolution, const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *bias, const ApusMemoryDescriptor *dst,
    bool training, const ApusPostOperations *postOperations) {
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(convolution->operation, postOperations);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = forwardDescriptor(convolution, training, apus_borrow(src), apus_borrow(weights),
        apus_borrow(bias), apus_borrow(dst), attributes);
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(convolution->operation, descriptor);
}

static ApusOneDNNPrimitive *backwardData(Convolution *convolution, const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *dst) {
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(convolution->operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint = forwardDescriptor(convolution, true, apus_borrow(src), apus_borrow(weights), NULL,
        apus_borrow(dst), attributes);
    if (hint) {
        descriptor = backwardDataDescriptor(convolution, apus_borrow(src), apus_borrow(weights), apus_borrow(dst), hint,
            attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(convolution->operation, descriptor);
}

static ApusOneDNNPrimitive *backwardWeights(Convolution *convolution, const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *bias, const ApusMemoryDescriptor *dst) {
    if (!apus_engine()) return NULL;
    dnnl_primitive_attr_t attributes = apus_attributes(convolution->operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_desc_t hint = forwardDescriptor(convolution, true, apus_borrow(src), apus_borrow(weights),
        apus_borrow(bias), apus_borrow(dst), attributes);
    if (hint) {
        descriptor = backwardWeightsDescriptor(convolution, apus_borrow(src), apus_borrow(weights), apus_borrow(bias),
            apus_borrow(dst), hint, attributes);
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attributes);
    return apus_primitive(convolution->operation, descriptor);
}

// MARK: - Convolution

ApusOneDNNPrimitive *apus_onednn_convolution_forward(const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *bias, const ApusMemoryDescriptor *dst,
    const int64_t *stride, const int64_t *dilation, const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm, bool training, ApusPostOperations postOperations) {
    Convolution convolution = {.operation = "convolution forward"};
    if (!prepare(&convolution, src, stride, dilation, paddingBegin, paddingEnd, algorithm)) return NULL;
    return forward(&convolution, src, weights, bias, dst, training, &postOperations);
}

ApusOneDNNPrimitive *apus_onednn_convolution_backward_data(const ApusMemoryDescriptor *gradientSrc,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *gradientDst, const int64_t *stride,
    const int64_t *dilation, const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm) {
    Convolution convolution = {.operation = "convolution backward data"};
    if (!prepare(&convolution, gradientSrc, stride, dilation, paddingBegin, paddingEnd, algorithm)) return NULL;
    return backwardData(&convolution, gradientSrc, weights, gradientDst);
}

ApusOneDNNPrimitive *apus_onednn_convolution_backward_weights(const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *gradientWeights, const ApusMemoryDescriptor *gradientBias,
    const ApusMemoryDescriptor *gradientDst, const int64_t *stride, const int64_t *dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd, ApusConvolutionAlgorithm algorithm) {
    Convolution convolution = {.operation = "convolution backward weights"};
    if (!prepare(&convolution, src, stride, dilation, paddingBegin, paddingEnd, algorithm)) return NULL;
    return backwardWeights(&convolution, src, gradientWeights, gradientBias, gradientDst);
}
