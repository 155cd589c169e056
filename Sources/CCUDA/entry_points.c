#include <dlfcn.h>
#include <stdlib.h>

#include "CCUDA.h"

const char *apus_cuda_find(void *handle, const char *const *symbols, void **table) {
  for (size_t index = 0; symbols[index] != NULL; index++) {
    table[index] = dlsym(handle, symbols[index]);
    if (table[index] == NULL) return symbols[index];
  }
  return NULL;
}

// As the libraries lay them out.
_Static_assert(sizeof(ApusCUDNNAlgorithm) == 48 && offsetof(ApusCUDNNAlgorithm, memory) == 16, "cudnn...AlgoPerf_t");
_Static_assert(sizeof(ApusCUBLASLtAlgorithm) == 64, "cublasLtMatmulAlgo_t");
_Static_assert(sizeof(ApusCUBLASLtHeuristic) == 96, "cublasLtMatmulHeuristicResult_t");

APUS_LIBRARY_DEFINITION(ApusDriver, driver, APUS_DRIVER_ENTRY_POINTS)
APUS_LIBRARY_DEFINITION(ApusNVRTC, nvrtc, APUS_NVRTC_ENTRY_POINTS)
APUS_LIBRARY_DEFINITION(ApusCUBLASLt, cublaslt, APUS_CUBLASLT_ENTRY_POINTS)
APUS_LIBRARY_DEFINITION(ApusCUDNN, cudnn, APUS_CUDNN_ENTRY_POINTS)
APUS_LIBRARY_DEFINITION(ApusNCCL, nccl, APUS_NCCL_ENTRY_POINTS)
