/// Chooses the build of the kernels, and the public functions, which call it.

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernel_list.h"
#include "kernels/plane_sizes.h"

const char *apus_isa_name(ApusISA isa)
{
    switch (isa) {
    case ApusISAAVX512: return "avx512";
    case ApusISAAVX2: return "avx2";
    case ApusISABaseline: break;
    }
    return "baseline";
}

int apus_isa_named(const char *name)
{
    for (int isa = ApusISABaseline; name && isa <= ApusISAAVX512; isa++) {
        if (strcmp(name, apus_isa_name((ApusISA)isa)) == 0) return isa;
    }
    return -1;
}

/// The table in use; NULL before the first call. It only ever holds pointers to constants, so that relaxed order does.
static _Atomic(const ApusKernelTable *) chosenTable;

static const ApusKernelTable *table_for(ApusISA maximum)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (maximum >= ApusISAAVX512 && __builtin_cpu_supports("x86-64-v4")) return &apus_kernels_avx512;
    if (maximum >= ApusISAAVX2 && __builtin_cpu_supports("x86-64-v3")) return &apus_kernels_avx2;
#endif
    (void)maximum;
    return &apus_kernels_baseline;
}

/// Two threads that arrive here at once find the same table.
__attribute__((noinline)) static const ApusKernelTable *choose_table(void)
{
    const char *text = getenv("APUS_MAX_ISA");
    int maximum = text && *text ? apus_isa_named(text) : ApusISAAVX512;
    if (maximum < 0) {
        fprintf(stderr, "APUS_MAX_ISA=%s: not an instruction set; it may be avx512, avx2 or baseline\n", text);
        maximum = ApusISAAVX512;
    }
    const ApusKernelTable *table = table_for((ApusISA)maximum);
    const ApusKernelTable *none = NULL;
    // A limit that another thread has set meanwhile stands.
    atomic_compare_exchange_strong(&chosenTable, &none, table);
    return none ? none : table;
}

static inline const ApusKernelTable *kernels(void)
{
    const ApusKernelTable *table = atomic_load_explicit(&chosenTable, memory_order_relaxed);
    return table ? table : choose_table();
}

ApusISA apus_kernels_isa(void)
{
    const ApusKernelTable *table = kernels();
#if defined(__x86_64__)
    if (table == &apus_kernels_avx512) return ApusISAAVX512;
    if (table == &apus_kernels_avx2) return ApusISAAVX2;
#endif
    (void)table;
    return ApusISABaseline;
}

ApusISA apus_kernels_set_max_isa(ApusISA maximum)
{
    atomic_store(&chosenTable, table_for(maximum));
    return apus_kernels_isa();
}

int apus_kernels_vector_width(void)
{
    switch (apus_kernels_isa()) {
    case ApusISAAVX512: return 16;
    case ApusISAAVX2: return 8;
    case ApusISABaseline: break;
    }
    return 4;
}

size_t apus_pointwise_scratch_bytes(int registerCount)
{
    return (size_t)registerCount * APUS_POINTWISE_TILE * sizeof(float);
}

size_t apus_sort_scratch_bytes(int64_t length)
{
    // Two arrays of keys, the tables of a radix sort, and the rows that are copied together with their results.
    size_t keys = 2 * sizeof(uint64_t);
    size_t rows = (size_t)apus_sort_gathered_rows(length) * (2 * sizeof(float) + sizeof(int64_t));
    return (size_t)length * (keys + rows) + 3 * 2048 * sizeof(uint32_t);
}

int64_t apus_lanes_weight_accumulator_size(const ApusLanesConvolution *c)
{
    int64_t weights = (int64_t)c->outputChannels * c->inputChannels * c->kernelHeight * c->kernelWidth;
    return (weights + c->outputChannels) * apus_kernels_vector_width();
}

int64_t apus_matmul_blocks(const ApusMatMul *m)
{
    const int width = apus_kernels_vector_width(), panel = APUS_MATMUL_PANEL_VECTORS * width;
    const int rows = APUS_MATMUL_BLOCK_ROWS(width);
    return (m->columns + panel - 1) / panel * ((m->rows + rows - 1) / rows);
}

/// The largest of the three directions: two lists of 64-bit shifts, the planes, and rows of sums.
int64_t apus_plane_convolution_scratch(const ApusPlaneConvolution *c)
{
    PlaneSizes s = plane_sizes(c);
    int64_t most = c->inputsPerGroup > c->outputsPerGroup ? c->inputsPerGroup : c->outputsPerGroup;
    int64_t lists = 4 * most * s.taps;
    int64_t planes = most * (s.plane + s.lead + planeSlack);
    // Four rows of sums, or the gradients of one plane in rows of whole vectors.
    int64_t rows = 4 * (s.phase + planeSlack);
    int64_t gradients = c->output[0] * c->output[1] * (c->output[2] + APUS_LANES);
    return lists + planes + (rows > gradients ? rows : gradients) + planeSlack;
}

int apus_pooling_has_vector_rows(const ApusPooling *p)
{
    // Longer windows would need as much working memory.
    const ApusPoolingAxis *w = &p->width;
    return w->kernel > 0 && w->stride <= 2 && (w->kernel - 1) <= 1024 / w->dilation;
}

int64_t apus_pooling_scratch_floats(const ApusPooling *p)
{
    // Three rows of the input or the output, whichever is longer, with their padding; loops by vectors of up to 16
    // floats reach beyond the end.
    const ApusPoolingAxis *w = &p->width;
    int64_t row = w->input + w->output + 64;
    if (apus_pooling_has_vector_rows(p)) {
        row += w->padding + (w->kernel - 1) * w->dilation + (w->output + 16) * w->stride;
    }
    return 3 * row;
}

int64_t apus_first_label_out_of_range(const int64_t *labels, int64_t count, int64_t classes, int64_t ignoreIndex)
{
    for (int64_t i = 0; i < count; i++) {
        if ((labels[i] < 0 || labels[i] >= classes) && labels[i] != ignoreIndex) return i;
    }
    return -1;
}

#define APUS_PUBLIC_FUNCTION(name, parameters, arguments)                                                              \
    void apus_##name parameters { kernels()->name arguments; }

APUS_KERNELS(APUS_PUBLIC_FUNCTION)
