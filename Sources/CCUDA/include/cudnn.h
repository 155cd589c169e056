#ifndef APUS_CUDA_CUDNN_H
#define APUS_CUDA_CUDNN_H

#include "driver.h"

// cuDNN 9 (libcudnn.so.9): convolutions. Results are 0 or an error whose text cudnnGetErrorString gives.

typedef struct ApusCUDNNContext *ApusCUDNNHandle;

#define APUS_CUDNN_ENTRY_POINTS(X)                                                                               \
  X(size_t, cudnnGetVersion, cudnnGetVersion, (void))                                                            \
  X(const char *_Nonnull, cudnnGetErrorString, cudnnGetErrorString, (int status))                                \
  X(int, cudnnCreate, cudnnCreate, (ApusCUDNNHandle _Nullable *_Nonnull handle))                                 \
  X(int, cudnnSetStream, cudnnSetStream, (ApusCUDNNHandle _Nullable handle, ApusCUstream _Nullable stream))

APUS_LIBRARY(ApusCUDNN, cudnn, APUS_CUDNN_ENTRY_POINTS)

#endif
