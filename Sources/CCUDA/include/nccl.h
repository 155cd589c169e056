#ifndef APUS_CUDA_NCCL_H
#define APUS_CUDA_NCCL_H

#include "driver.h"

// NCCL (libnccl.so.2): sums and copies between GPUs. Results are 0 or an error whose text ncclGetErrorString gives.

typedef struct ApusNCCLCommunicator *ApusNCCLCommunicator;

/// What the processes of one communicator have in common; the first makes it, the others get a copy.
typedef struct ApusNCCLUniqueId {
  char internal[128];
} ApusNCCLUniqueId;

enum {
  /// Element types.
  ApusNCCLUInt8 = 1,
  ApusNCCLInt64 = 4,
  ApusNCCLFloat32 = 7,
  ApusNCCLFloat64 = 8,
  /// Operations.
  ApusNCCLSum = 0,
};

#define APUS_NCCL_ENTRY_POINTS(X)                                                                                \
  X(int, ncclGetVersion, ncclGetVersion, (int *_Nonnull version))                                                \
  X(const char *_Nonnull, ncclGetErrorString, ncclGetErrorString, (int result))                                  \
  X(const char *_Nullable, ncclGetLastError, ncclGetLastError, (ApusNCCLCommunicator _Nullable communicator))    \
  X(int, ncclGetUniqueId, ncclGetUniqueId, (ApusNCCLUniqueId *_Nonnull identifier))                              \
  X(int, ncclCommInitRank, ncclCommInitRank,                                                                     \
    (ApusNCCLCommunicator _Nullable *_Nonnull communicator, int count, ApusNCCLUniqueId identifier, int rank))   \
  X(int, ncclCommInitAll, ncclCommInitAll,                                                                       \
    (ApusNCCLCommunicator _Nullable *_Nonnull communicators, int count, const int *_Nullable devices))           \
  X(int, ncclCommGetAsyncError, ncclCommGetAsyncError,                                                           \
    (ApusNCCLCommunicator _Nullable communicator, int *_Nonnull error))                                          \
  X(int, ncclCommAbort, ncclCommAbort, (ApusNCCLCommunicator _Nullable communicator))                            \
  X(int, ncclCommDestroy, ncclCommDestroy, (ApusNCCLCommunicator _Nullable communicator))                        \
  X(int, ncclGroupStart, ncclGroupStart, (void))                                                                 \
  X(int, ncclGroupEnd, ncclGroupEnd, (void))                                                                     \
  X(int, ncclAllReduce, ncclAllReduce,                                                                           \
    (const void *_Nullable source, void *_Nullable target, size_t count, int type, int operation,                \
     ApusNCCLCommunicator _Nullable communicator, ApusCUstream _Nullable stream))                                \
  X(int, ncclBroadcast, ncclBroadcast,                                                                           \
    (const void *_Nullable source, void *_Nullable target, size_t count, int type, int root,                     \
     ApusNCCLCommunicator _Nullable communicator, ApusCUstream _Nullable stream))

APUS_LIBRARY(ApusNCCL, nccl, APUS_NCCL_ENTRY_POINTS)

#endif
