#include "internal.h"

#include <stdio.h>

static _Thread_local char lastError[256];

const char *apus_onednn_last_error(void) {
    return lastError;
}

void apus_set_error(const char *operation, const char *function, const char *reason) {
    snprintf(lastError, sizeof lastError, "%s: %s: %s", operation, function, reason);
}

static const char *statusName(dnnl_status_t status) {
    switch (status) {
        case dnnl_success: return "success";
        case dnnl_out_of_memory: return "out of memory";
        case dnnl_invalid_arguments: return "invalid arguments";
        case dnnl_unimplemented: return "unimplemented";
        case dnnl_runtime_error: return "runtime error";
        case dnnl_not_required: return "not required";
        // 2.x and 3.x name the status of an exhausted list of implementations differently.
        default: return "no further implementation";
    }
}

bool apus_check(dnnl_status_t status, const char *operation, const char *function) {
    if (status == dnnl_success) return true;
    apus_set_error(operation, function, statusName(status));
    return false;
}
