#ifndef APUS_CUDA_NVRTC_H
#define APUS_CUDA_NVRTC_H

#include "entry_points.h"

// NVRTC (libnvrtc.so.12, libnvrtc.so.13): compiles CUDA C++ while the program runs. Needs no GPU.

typedef struct ApusNVRTCProgram *ApusNVRTCProgram;

#define APUS_NVRTC_ENTRY_POINTS(X)                                                                               \
  X(const char *_Nonnull, nvrtcGetErrorString, nvrtcGetErrorString, (int result))                                \
  X(int, nvrtcVersion, nvrtcVersion, (int *_Nonnull major, int *_Nonnull minor))                                 \
  X(int, nvrtcCreateProgram, nvrtcCreateProgram,                                                                 \
    (ApusNVRTCProgram _Nullable *_Nonnull program, const char *_Nonnull source, const char *_Nullable name,      \
     int headerCount, const char *_Nullable const *_Nullable headers,                                            \
     const char *_Nullable const *_Nullable includeNames))                                                       \
  X(int, nvrtcDestroyProgram, nvrtcDestroyProgram, (ApusNVRTCProgram _Nullable *_Nonnull program))               \
  X(int, nvrtcCompileProgram, nvrtcCompileProgram,                                                               \
    (ApusNVRTCProgram _Nullable program, int optionCount, const char *_Nullable const *_Nullable options))       \
  X(int, nvrtcGetCUBINSize, nvrtcGetCUBINSize, (ApusNVRTCProgram _Nullable program, size_t *_Nonnull size))      \
  X(int, nvrtcGetCUBIN, nvrtcGetCUBIN, (ApusNVRTCProgram _Nullable program, char *_Nonnull code))                \
  X(int, nvrtcGetProgramLogSize, nvrtcGetProgramLogSize,                                                         \
    (ApusNVRTCProgram _Nullable program, size_t *_Nonnull size))                                                 \
  X(int, nvrtcGetProgramLog, nvrtcGetProgramLog, (ApusNVRTCProgram _Nullable program, char *_Nonnull log))

APUS_LIBRARY(ApusNVRTC, nvrtc, APUS_NVRTC_ENTRY_POINTS)

#endif
