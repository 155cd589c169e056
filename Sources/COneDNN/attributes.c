#include "internal.h"

bool apus_eltwise(ApusOneDNNActivation activation, float alpha, float beta, ApusEltwise *eltwise) {
    eltwise->alpha = alpha;
    eltwise->beta = beta;
    switch (activation) {
        case ApusOneDNNActivationNone: return false;
        case ApusOneDNNActivationReLU: eltwise->algorithm = dnnl_eltwise_relu; break;
        case ApusOneDNNActivationSigmoid: eltwise->algorithm = dnnl_eltwise_logistic; break;
        case ApusOneDNNActivationTanh: eltwise->algorithm = dnnl_eltwise_tanh; break;
        case ApusOneDNNActivationELU: eltwise->algorithm = dnnl_eltwise_elu; break;
        case ApusOneDNNActivationGELU: eltwise->algorithm = dnnl_eltwise_gelu_erf; break;
        case ApusOneDNNActivationGELUTanh: eltwise->algorithm = dnnl_eltwise_gelu_tanh; break;
        case ApusOneDNNActivationSwish: eltwise->algorithm = dnnl_eltwise_swish; break;
        case ApusOneDNNActivationMish: eltwise->algorithm = dnnl_eltwise_mish; break;
        case ApusOneDNNActivationHardSwish:
            // 3.x computes x·clip(alpha·x + beta, 0, 1); 2.x has these values built in and ignores the parameters.
            eltwise->algorithm = dnnl_eltwise_hardswish;
            eltwise->alpha = 1.0f / 6.0f;
            eltwise->beta = 0.5f;
            break;
        case ApusOneDNNActivationSoftplus:
            // 3.x computes log(1 + e^(alpha·x)) / alpha; 2.x ignores alpha.
            eltwise->algorithm = dnnl_eltwise_soft_relu;
            eltwise->alpha = 1.0f;
            break;
        case ApusOneDNNActivationLogSigmoid:
#if APUS_ONEDNN_2
            eltwise->algorithm = dnnl_eltwise_logsigmoid;
#else
            // log(1 / (1 + e^-x)) is the softplus with the parameter -1.
            eltwise->algorithm = dnnl_eltwise_soft_relu;
            eltwise->alpha = -1.0f;
#endif
            break;
        // The second version's derivative is zero at both bounds, as PyTorch's.
        case ApusOneDNNActivationClip: eltwise->algorithm = dnnl_eltwise_clip_v2; break;
        case ApusOneDNNActivationLinear: eltwise->algorithm = dnnl_eltwise_linear; break;
        case ApusOneDNNActivationAbsolute: eltwise->algorithm = dnnl_eltwise_abs; break;
        case ApusOneDNNActivationSquare: eltwise->algorithm = dnnl_eltwise_square; break;
        case ApusOneDNNActivationSquareRoot: eltwise->algorithm = dnnl_eltwise_sqrt; break;
        case ApusOneDNNActivationExponential: eltwise->algorithm = dnnl_eltwise_exp; break;
        case ApusOneDNNActivationLogarithm: eltwise->algorithm = dnnl_eltwise_log; break;
    }
    return true;
}

static bool appendPostOperations(const char *operation, dnnl_post_ops_t list, const ApusPostOperations *operations) {
    if (operations->sum) {
#if APUS_ONEDNN_2
        dnnl_status_t status = dnnl_post_ops_append_sum(list, operations->sumScale);
#else
        dnnl_status_t status = dnnl_post_ops_append_sum(list, operations->sumScale, 0, dnnl_data_type_undef);
#endif
        if (!apus_check(status, operation, "dnnl_post_ops_append_sum")) return false;
    }
    ApusEltwise eltwise;
    if (apus_eltwise(operations->activation, operations->alpha, operations->beta, &eltwise)) {
#if APUS_ONEDNN_2
        dnnl_status_t status
            = dnnl_post_ops_append_eltwise(list, 1.0f, eltwise.algorithm, eltwise.alpha, eltwise.beta);
#else
        dnnl_status_t status = dnnl_post_ops_append_eltwise(list, eltwise.algorithm, eltwise.alpha, eltwise.beta);
#endif
        if (!apus_check(status, operation, "dnnl_post_ops_append_eltwise")) return false;
    }
    return true;
}

static bool setPostOperations(const char *operation, dnnl_primitive_attr_t attributes,
    const ApusPostOperations *operations) {
    if (!operations || (!operations->sum && operations->activation == ApusOneDNNActivationNone)) return true;
    dnnl_post_ops_t list;
    if (!apus_check(dnnl_post_ops_create(&list), operation, "dnnl_post_ops_create")) return false;
    bool succeeded = appendPostOperations(operation, list, operations)
        && apus_check(dnnl_primitive_attr_set_post_ops(attributes, list), operation,
            "dnnl_primitive_attr_set_post_ops");
    dnnl_post_ops_destroy(list);
    return succeeded;
}

dnnl_primitive_attr_t apus_attributes(const char *operation, const ApusPostOperations *postOperations) {
    dnnl_primitive_attr_t attributes;
    if (!apus_check(dnnl_primitive_attr_create(&attributes), operation, "dnnl_primitive_attr_create")) return NULL;
    // The library's own scratchpad crashes where a Winograd primitive runs on another thread than the one that made it.
    if (apus_check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), operation,
            "dnnl_primitive_attr_set_scratchpad_mode")
        && setPostOperations(operation, attributes, postOperations))
        return attributes;
    dnnl_primitive_attr_destroy(attributes);
    return NULL;
}
