#ifndef APUS_CUDA_CUBLASLT_H
#define APUS_CUDA_CUBLASLT_H

#include "driver.h"

// cuBLASLt (libcublasLt.so.12, libcublasLt.so.13): matrix products with epilogues. Results are 0 or an error whose name
// cublasLtGetStatusName gives.

typedef struct ApusCUBLASLtContext *ApusCUBLASLtHandle;

#define APUS_CUBLASLT_ENTRY_POINTS(X)                                                                            \
  X(size_t, cublasLtGetVersion, cublasLtGetVersion, (void))                                                      \
  X(const char *_Nonnull, cublasLtGetStatusName, cublasLtGetStatusName, (int status))                            \
  X(int, cublasLtCreate, cublasLtCreate, (ApusCUBLASLtHandle _Nullable *_Nonnull handle))

APUS_LIBRARY(ApusCUBLASLt, cublaslt, APUS_CUBLASLT_ENTRY_POINTS)

#endif
