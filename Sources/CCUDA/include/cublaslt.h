#ifndef APUS_CUDA_CUBLASLT_H
#define APUS_CUDA_CUBLASLT_H

#include <stdint.h>

#include "driver.h"

// cuBLASLt (libcublasLt.so.12, libcublasLt.so.13): matrix products with epilogues. Results are 0 or an error whose name
// cublasLtGetStatusName gives. The values and layouts here are the same in both versions.

typedef struct ApusCUBLASLtContext *ApusCUBLASLtHandle;
typedef struct ApusCUBLASLtMatrix *ApusCUBLASLtMatrix;
typedef struct ApusCUBLASLtProduct *ApusCUBLASLtProduct;
typedef struct ApusCUBLASLtPreference *ApusCUBLASLtPreference;

enum {
  /// Types of elements.
  ApusCUBLASLtFloat = 0,
  ApusCUBLASLtDouble = 1,
  ApusCUBLASLtFloat16 = 2,
  ApusCUBLASLtBFloat16 = 14,
  /// Arithmetic: single precision that never rounds factors to TF32, double precision, and single precision that may.
  ApusCUBLASLtComputeFloat = 68,
  ApusCUBLASLtComputeDouble = 70,
  ApusCUBLASLtComputeTensorFloat32 = 77,
  /// Attributes of a matrix: int32 and int64.
  ApusCUBLASLtBatchCount = 5,
  ApusCUBLASLtBatchStride = 6,
  /// Attributes of a product: int32, int32, uint32 and an address.
  ApusCUBLASLtTransposeA = 3,
  ApusCUBLASLtTransposeB = 4,
  ApusCUBLASLtEpilogue = 7,
  ApusCUBLASLtBiasAddress = 8,
  ApusCUBLASLtPlain = 0,
  ApusCUBLASLtTransposed = 1,
  ApusCUBLASLtEpilogueBias = 4,
  /// Attributes of a preference: uint64, and uint32 each.
  ApusCUBLASLtMaxWorkspaceBytes = 1,
  ApusCUBLASLtReductionMask = 3,
  ApusCUBLASLtMinAlignmentA = 5,
  ApusCUBLASLtMinAlignmentB = 6,
  ApusCUBLASLtMinAlignmentC = 7,
  ApusCUBLASLtMinAlignmentD = 8,
  /// Where parts of a sum are computed apart: they are kept in the workspace and added up by a second kernel.
  ApusCUBLASLtReductionComputeType = 2,
  ApusCUBLASLtReductionOutputType = 4,
};

typedef struct ApusCUBLASLtAlgorithm {
  uint64_t data[8];
} ApusCUBLASLtAlgorithm;

typedef struct ApusCUBLASLtHeuristic {
  ApusCUBLASLtAlgorithm algorithm;
  size_t workspaceBytes;
  /// 0 where the algorithm can be used.
  int state;
  float waves;
  int reserved[4];
} ApusCUBLASLtHeuristic;

#define APUS_CUBLASLT_ENTRY_POINTS(X)                                                                            \
  X(size_t, cublasLtGetVersion, cublasLtGetVersion, (void))                                                      \
  X(const char *_Nonnull, cublasLtGetStatusName, cublasLtGetStatusName, (int status))                            \
  X(int, cublasLtCreate, cublasLtCreate, (ApusCUBLASLtHandle _Nullable *_Nonnull handle))                        \
  X(int, cublasLtMatrixLayoutCreate, cublasLtMatrixLayoutCreate,                                                 \
    (ApusCUBLASLtMatrix _Nullable *_Nonnull matrix, int type, uint64_t rows, uint64_t columns,                   \
     int64_t leadingDimension))                                                                                  \
  X(int, cublasLtMatrixLayoutSetAttribute, cublasLtMatrixLayoutSetAttribute,                                     \
    (ApusCUBLASLtMatrix _Nullable matrix, int attribute, const void *_Nonnull value, size_t bytes))              \
  X(int, cublasLtMatrixLayoutDestroy, cublasLtMatrixLayoutDestroy, (ApusCUBLASLtMatrix _Nullable matrix))        \
  X(int, cublasLtMatmulDescCreate, cublasLtMatmulDescCreate,                                                     \
    (ApusCUBLASLtProduct _Nullable *_Nonnull product, int computeType, int scaleType))                           \
  X(int, cublasLtMatmulDescSetAttribute, cublasLtMatmulDescSetAttribute,                                         \
    (ApusCUBLASLtProduct _Nullable product, int attribute, const void *_Nonnull value, size_t bytes))            \
  X(int, cublasLtMatmulDescDestroy, cublasLtMatmulDescDestroy, (ApusCUBLASLtProduct _Nullable product))          \
  X(int, cublasLtMatmulPreferenceCreate, cublasLtMatmulPreferenceCreate,                                         \
    (ApusCUBLASLtPreference _Nullable *_Nonnull preference))                                                     \
  X(int, cublasLtMatmulPreferenceSetAttribute, cublasLtMatmulPreferenceSetAttribute,                             \
    (ApusCUBLASLtPreference _Nullable preference, int attribute, const void *_Nonnull value, size_t bytes))      \
  X(int, cublasLtMatmulPreferenceDestroy, cublasLtMatmulPreferenceDestroy,                                       \
    (ApusCUBLASLtPreference _Nullable preference))                                                               \
  X(int, cublasLtMatmulAlgoGetHeuristic, cublasLtMatmulAlgoGetHeuristic,                                         \
    (ApusCUBLASLtHandle _Nullable handle, ApusCUBLASLtProduct _Nullable product, ApusCUBLASLtMatrix _Nullable a, \
     ApusCUBLASLtMatrix _Nullable b, ApusCUBLASLtMatrix _Nullable c, ApusCUBLASLtMatrix _Nullable d,             \
     ApusCUBLASLtPreference _Nullable preference, int capacity, ApusCUBLASLtHeuristic *_Nonnull results,         \
     int *_Nonnull count))                                                                                       \
  X(int, cublasLtMatmul, cublasLtMatmul,                                                                         \
    (ApusCUBLASLtHandle _Nullable handle, ApusCUBLASLtProduct _Nullable product, const void *_Nonnull alpha,     \
     const void *_Nonnull aAddress, ApusCUBLASLtMatrix _Nullable a, const void *_Nonnull bAddress,               \
     ApusCUBLASLtMatrix _Nullable b, const void *_Nonnull beta, const void *_Nonnull cAddress,                   \
     ApusCUBLASLtMatrix _Nullable c, void *_Nonnull dAddress, ApusCUBLASLtMatrix _Nullable d,                    \
     const ApusCUBLASLtAlgorithm *_Nullable algorithm, void *_Nullable workspace, size_t workspaceBytes,         \
     ApusCUstream _Nullable stream))

APUS_LIBRARY(ApusCUBLASLt, cublaslt, APUS_CUBLASLT_ENTRY_POINTS)

#endif
