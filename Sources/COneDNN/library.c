#include "internal.h"

#include <pthread.h>
#include <string.h>

// One engine and one stream for the process: a CPU engine holds no state of its own, and everything is executed from
// one thread, one after another.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static dnnl_engine_t engine;
static dnnl_stream_t stream;
static dnnl_status_t engineStatus;
static dnnl_status_t streamStatus;

static void createEngineAndStream(void) {
    engineStatus = dnnl_engine_create(&engine, dnnl_cpu, 0);
    if (engineStatus != dnnl_success) {
        engine = NULL;
        return;
    }
    streamStatus = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (streamStatus != dnnl_success) stream = NULL;
}

dnnl_engine_t apus_engine(void) {
    pthread_once(&once, createEngineAndStream);
    apus_check(engineStatus, "CPU engine", "dnnl_engine_create");
    return engine;
}

dnnl_stream_t apus_stream(void) {
    if (!apus_engine()) return NULL;
    apus_check(streamStatus, "CPU stream", "dnnl_stream_create");
    return stream;
}

void apus_onednn_version(int *major, int *minor, int *patch) {
    const dnnl_version_t *version = dnnl_version();
    *major = version->major;
    *minor = version->minor;
    *patch = version->patch;
}

const char *apus_onednn_cpu_isa(void) {
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    switch (isa) {
        case dnnl_cpu_isa_sse41: return "sse41";
        case dnnl_cpu_isa_avx: return "avx";
        case dnnl_cpu_isa_avx2: return "avx2";
        case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
        case dnnl_cpu_isa_avx512_core: return "avx512_core";
        case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
        case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
        case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
#if APUS_ONEDNN_2
        case dnnl_cpu_isa_all: return "default";
        // 2.7 added half precision with a value that its predecessors' headers do not have; all values above AMX's bits
        // contain AVX-512.
        default: return "avx512_core";
#else
        case dnnl_cpu_isa_default: return "default";
        case dnnl_cpu_isa_avx512_core_fp16: return "avx512_core_fp16";
        case dnnl_cpu_isa_avx512_core_amx_fp16: return "avx512_core_amx_fp16";
        case dnnl_cpu_isa_avx2_vnni_2: return "avx2_vnni_2";
        default: return "avx10_2";
#endif
    }
}

int apus_onednn_set_max_isa(const char *name) {
    dnnl_cpu_isa_t isa;
    if (strcmp(name, "avx512") == 0) {
        isa = dnnl_cpu_isa_avx512_core_bf16;
    } else if (strcmp(name, "avx2") == 0) {
        isa = dnnl_cpu_isa_avx2;
    } else if (strcmp(name, "baseline") == 0) {
        isa = dnnl_cpu_isa_sse41;
    } else {
        apus_set_error("maximum instruction set", name, "expected avx512, avx2 or baseline");
        return 1;
    }
    return apus_check(dnnl_set_max_cpu_isa(isa), "maximum instruction set", "dnnl_set_max_cpu_isa") ? 0 : 1;
}

bool apus_onednn_uses_openmp(void) {
    return DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP;
}
