#include "internal.h"

#include <stdlib.h>

static const char operation[] = "sum";

static dnnl_status_t createDescriptor(dnnl_primitive_desc_t *descriptor, int count,
    const ApusMemoryDescriptor *const *sources, const float *scales, const ApusMemoryDescriptor *dst,
    dnnl_primitive_attr_t attributes) {
#if APUS_ONEDNN_2
    // 2.x takes the descriptors themselves in an array, 3.x handles.
    dnnl_memory_desc_t *list = malloc((size_t)count * sizeof *list);
    if (!list) return dnnl_out_of_memory;
    for (int i = 0; i < count; i++) list[i] = sources[i]->value;
    dnnl_status_t status = dnnl_sum_primitive_desc_create(descriptor, apus_borrow(dst), count, scales, list,
        attributes, apus_engine());
#else
    apus_borrowed_descriptor *list = malloc((size_t)count * sizeof *list);
    if (!list) return dnnl_out_of_memory;
    for (int i = 0; i < count; i++) list[i] = apus_borrow(sources[i]);
    dnnl_status_t status = dnnl_sum_primitive_desc_create(descriptor, apus_engine(), apus_borrow(dst), count, scales,
        list, attributes);
#endif
    free(list);
    return status;
}

ApusOneDNNPrimitive *apus_onednn_sum(int count, const ApusMemoryDescriptor *const *sources, const float *scales,
    const ApusMemoryDescriptor *dst) {
    if (!apus_engine()) return NULL;
    if (count < 1) {
        apus_set_error(operation, "count", "expected at least one source");
        return NULL;
    }
    dnnl_primitive_attr_t attributes = apus_attributes(operation, NULL);
    if (!attributes) return NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_status_t status = createDescriptor(&descriptor, count, sources, scales, dst, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (!apus_check(status, operation, "dnnl_sum_primitive_desc_create")) return NULL;
    ApusOneDNNPrimitive *primitive = apus_primitive(operation, descriptor);
    if (primitive) primitive->hasManySources = true;
    return primitive;
}
