#include "internal.h"

#include <stdlib.h>

/// Makes the memory object of an argument that the primitive is given for the first time.
static ApusSlot *addSlot(ApusOneDNNPrimitive *primitive, int argument) {
    const char *operation = primitive->operation;
    apus_borrowed_descriptor descriptor
        = dnnl_primitive_desc_query_md(primitive->descriptor, dnnl_query_exec_arg_md, argument);
    ApusLayout layout;
    if (!descriptor || !apus_layout(descriptor, &layout) || layout.rank == 0) {
        apus_set_error(operation, "apus_onednn_execute", "an argument that the primitive does not take");
        return NULL;
    }
    size_t count = (size_t)primitive->slotCount + 1;
    ApusSlot *slots = realloc(primitive->slots, count * sizeof *slots);
    if (slots) primitive->slots = slots;
    dnnl_exec_arg_t *callArguments = realloc(primitive->callArguments, (count + 1) * sizeof *callArguments);
    if (callArguments) primitive->callArguments = callArguments;
    if (!slots || !callArguments) {
        apus_set_error(operation, "realloc", "out of memory");
        return NULL;
    }
    dnnl_memory_t memory;
    if (!apus_check(dnnl_memory_create(&memory, descriptor, apus_engine(), DNNL_MEMORY_NONE), operation,
            "dnnl_memory_create"))
        return NULL;
    ApusSlot *slot = &slots[primitive->slotCount++];
    *slot = (ApusSlot){argument, memory, NULL, dnnl_memory_desc_get_size(descriptor) == 0};
    return slot;
}

static ApusSlot *findSlot(ApusOneDNNPrimitive *primitive, int argument, int expectedPlace) {
    // Arguments come in the same order each time.
    if (expectedPlace < primitive->slotCount && primitive->slots[expectedPlace].argument == argument) {
        return &primitive->slots[expectedPlace];
    }
    for (int i = 0; i < primitive->slotCount; i++) {
        if (primitive->slots[i].argument == argument) return &primitive->slots[i];
    }
    return addSlot(primitive, argument);
}

/// Points a memory object elsewhere.
///
/// Despite its documentation, oneDNN's function leaves the padding of the memory as it is (seen in 2.5, 2.6, 3.2 and
/// 3.13): it costs nothing, and it is the writer of a memory who keeps zeros there.
static bool point(const char *operation, dnnl_memory_t memory, void **current, void *data) {
    if (*current == data) return true;
    if (!apus_check(dnnl_memory_set_data_handle(memory, data), operation, "dnnl_memory_set_data_handle")) return false;
    *current = data;
    return true;
}

static bool isIgnored(const ApusOneDNNPrimitive *primitive, const ApusArgument *argument) {
    return primitive->ignoresShift && argument->role == ApusArgumentRoleShift;
}

int apus_onednn_execute(ApusOneDNNPrimitive *primitive, const ApusArgument *arguments, int count, void *scratch) {
    const char *operation = primitive->operation;
    dnnl_stream_t stream = apus_stream();
    if (!stream) return 1;
    // Slots may move while they are added, so all of them come first; this pass makes none after the first run.
    for (int i = 0; i < count; i++) {
        if (isIgnored(primitive, &arguments[i])) continue;
        ApusSlot *slot = findSlot(primitive, apus_argument(primitive, arguments[i].role, arguments[i].index), i);
        if (!slot) return 1;
        if (!arguments[i].data && !slot->empty) {
            apus_set_error(operation, "apus_onednn_execute", "a memory is NULL");
            return 1;
        }
    }
    if (count > primitive->slotCount + (primitive->ignoresShift ? 1 : 0)) {
        apus_set_error(operation, "apus_onednn_execute", "an argument is given twice");
        return 1;
    }
    int callCount = 0;
    for (int i = 0; i < count; i++) {
        if (isIgnored(primitive, &arguments[i])) continue;
        ApusSlot *slot = findSlot(primitive, apus_argument(primitive, arguments[i].role, arguments[i].index), i);
        if (!slot || !point(operation, slot->memory, &slot->data, arguments[i].data)) return 1;
        primitive->callArguments[callCount++] = (dnnl_exec_arg_t){slot->argument, slot->memory};
    }
    if (primitive->scratchBytes > 0) {
        // Generated code does not check: it would write to address zero.
        if (!scratch) {
            apus_set_error(operation, "apus_onednn_execute", "the scratch memory is NULL");
            return 1;
        }
        if (!point(operation, primitive->scratch, &primitive->scratchData, scratch)) return 1;
        primitive->callArguments[callCount++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, primitive->scratch};
    }
    dnnl_status_t status = dnnl_primitive_execute(primitive->primitive, stream, callCount, primitive->callArguments);
    if (!apus_check(status, operation, "dnnl_primitive_execute")) return 1;
    return apus_check(dnnl_stream_wait(stream), operation, "dnnl_stream_wait") ? 0 : 1;
}
