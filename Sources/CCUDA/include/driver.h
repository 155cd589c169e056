#ifndef APUS_CUDA_DRIVER_H
#define APUS_CUDA_DRIVER_H

#include "entry_points.h"

// The CUDA driver (libcuda.so.1), which comes with the GPU's driver. Results are 0 (CUDA_SUCCESS) or an error whose name
// and text cuGetErrorName and cuGetErrorString give. Version 12 and 13 export all of these.

typedef struct ApusCUcontext *ApusCUcontext;
typedef struct ApusCUmodule *ApusCUmodule;
typedef struct ApusCUfunction *ApusCUfunction;
typedef struct ApusCUstream *ApusCUstream;
typedef struct ApusCUevent *ApusCUevent;
typedef struct ApusCUgraph *ApusCUgraph;
typedef struct ApusCUgraphExec *ApusCUgraphExec;
/// An address in the memory of a GPU.
typedef unsigned long long ApusCUaddress;

enum {
  ApusCUDASuccess = 0,
  ApusCUDAOutOfMemory = 2,
  /// What cuEventQuery gives for work that is not done.
  ApusCUDANotReady = 600,
  /// Attributes of cuDeviceGetAttribute.
  ApusCUDAMultiprocessorCount = 16,
  ApusCUDAMaxSharedMemoryPerBlockOptIn = 97,
  ApusCUDAComputeCapabilityMajor = 75,
  ApusCUDAComputeCapabilityMinor = 76,
  /// Flags.
  ApusCUDAStreamNonBlocking = 1,
  ApusCUDAEventDisableTiming = 2,
  ApusCUDACaptureThreadLocal = 1,
  ApusCUDAMaxDynamicSharedMemory = 8,
};

#define APUS_DRIVER_ENTRY_POINTS(X)                                                                              \
  X(int, cuInit, cuInit, (unsigned flags))                                                                       \
  X(int, cuDriverGetVersion, cuDriverGetVersion, (int *_Nonnull version))                                        \
  X(int, cuGetErrorName, cuGetErrorName, (int error, const char *_Nullable *_Nonnull name))                      \
  X(int, cuGetErrorString, cuGetErrorString, (int error, const char *_Nullable *_Nonnull text))                  \
  X(int, cuDeviceGetCount, cuDeviceGetCount, (int *_Nonnull count))                                              \
  X(int, cuDeviceGet, cuDeviceGet, (int *_Nonnull device, int ordinal))                                          \
  X(int, cuDeviceGetName, cuDeviceGetName, (char *_Nonnull name, int length, int device))                        \
  X(int, cuDeviceGetAttribute, cuDeviceGetAttribute, (int *_Nonnull value, int attribute, int device))           \
  X(int, cuDeviceTotalMem, cuDeviceTotalMem_v2, (size_t *_Nonnull bytes, int device))                            \
  X(int, cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, (ApusCUcontext _Nullable *_Nonnull context, int device)) \
  X(int, cuCtxSetCurrent, cuCtxSetCurrent, (ApusCUcontext _Nullable context))                                    \
  X(int, cuMemGetInfo, cuMemGetInfo_v2, (size_t *_Nonnull free, size_t *_Nonnull total))                         \
  X(int, cuMemAlloc, cuMemAlloc_v2, (ApusCUaddress *_Nonnull address, size_t bytes))                             \
  X(int, cuMemFree, cuMemFree_v2, (ApusCUaddress address))                                                       \
  X(int, cuMemHostAlloc, cuMemHostAlloc, (void *_Nullable *_Nonnull address, size_t bytes, unsigned flags))      \
  X(int, cuMemFreeHost, cuMemFreeHost, (void *_Nonnull address))                                                 \
  X(int, cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2,                                                                \
    (ApusCUaddress target, const void *_Nonnull source, size_t bytes, ApusCUstream _Nullable stream))            \
  X(int, cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2,                                                                \
    (void *_Nonnull target, ApusCUaddress source, size_t bytes, ApusCUstream _Nullable stream))                  \
  X(int, cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2,                                                                \
    (ApusCUaddress target, ApusCUaddress source, size_t bytes, ApusCUstream _Nullable stream))                   \
  X(int, cuMemsetD8Async, cuMemsetD8Async,                                                                       \
    (ApusCUaddress target, unsigned char value, size_t count, ApusCUstream _Nullable stream))                    \
  X(int, cuStreamCreate, cuStreamCreate, (ApusCUstream _Nullable *_Nonnull stream, unsigned flags))              \
  X(int, cuStreamSynchronize, cuStreamSynchronize, (ApusCUstream _Nullable stream))                              \
  X(int, cuStreamBeginCapture, cuStreamBeginCapture_v2, (ApusCUstream _Nullable stream, int mode))               \
  X(int, cuStreamEndCapture, cuStreamEndCapture,                                                                 \
    (ApusCUstream _Nullable stream, ApusCUgraph _Nullable *_Nonnull graph))                                      \
  X(int, cuGraphInstantiate, cuGraphInstantiateWithFlags,                                                        \
    (ApusCUgraphExec _Nullable *_Nonnull executable, ApusCUgraph _Nullable graph, unsigned long long flags))     \
  X(int, cuGraphLaunch, cuGraphLaunch, (ApusCUgraphExec _Nullable executable, ApusCUstream _Nullable stream))    \
  X(int, cuGraphDestroy, cuGraphDestroy, (ApusCUgraph _Nullable graph))                                          \
  X(int, cuGraphExecDestroy, cuGraphExecDestroy, (ApusCUgraphExec _Nullable executable))                         \
  X(int, cuEventCreate, cuEventCreate, (ApusCUevent _Nullable *_Nonnull event, unsigned flags))                  \
  X(int, cuEventRecord, cuEventRecord, (ApusCUevent _Nullable event, ApusCUstream _Nullable stream))             \
  X(int, cuEventQuery, cuEventQuery, (ApusCUevent _Nullable event))                                              \
  X(int, cuEventSynchronize, cuEventSynchronize, (ApusCUevent _Nullable event))                                  \
  X(int, cuEventElapsedTime, cuEventElapsedTime,                                                                 \
    (float *_Nonnull milliseconds, ApusCUevent _Nullable start, ApusCUevent _Nullable end))                      \
  X(int, cuEventDestroy, cuEventDestroy_v2, (ApusCUevent _Nullable event))                                       \
  X(int, cuModuleLoadData, cuModuleLoadData, (ApusCUmodule _Nullable *_Nonnull module, const void *_Nonnull image)) \
  X(int, cuModuleGetFunction, cuModuleGetFunction,                                                               \
    (ApusCUfunction _Nullable *_Nonnull function, ApusCUmodule _Nullable module, const char *_Nonnull name))     \
  X(int, cuFuncSetAttribute, cuFuncSetAttribute, (ApusCUfunction _Nullable function, int attribute, int value))  \
  X(int, cuLaunchKernel, cuLaunchKernel,                                                                         \
    (ApusCUfunction _Nullable function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,         \
     unsigned blockY, unsigned blockZ, unsigned sharedBytes, ApusCUstream _Nullable stream,                      \
     void *_Nullable *_Nullable parameters, void *_Nullable *_Nullable extra))

APUS_LIBRARY(ApusDriver, driver, APUS_DRIVER_ENTRY_POINTS)

#endif
