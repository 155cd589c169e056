#ifndef APUS_CUDA_CUDNN_H
#define APUS_CUDA_CUDNN_H

#include "driver.h"

// cuDNN 9 (libcudnn.so.9): convolutions. Results are 0 or an error whose name cudnnGetErrorString gives. The values and
// layouts here are the same in cuDNN's builds for CUDA 12 and 13.

typedef struct ApusCUDNNContext *ApusCUDNNHandle;
typedef struct ApusCUDNNTensor *ApusCUDNNTensor;
typedef struct ApusCUDNNFilter *ApusCUDNNFilter;
typedef struct ApusCUDNNConvolution *ApusCUDNNConvolution;

enum {
  /// Types of elements.
  ApusCUDNNFloat = 0,
  ApusCUDNNDouble = 1,
  ApusCUDNNFloat16 = 2,
  ApusCUDNNBFloat16 = 9,
  /// The order of a filter's elements: row-major, or with the input channels last.
  ApusCUDNNPlainFormat = 0,
  ApusCUDNNChannelsLastFormat = 1,
  ApusCUDNNCrossCorrelation = 1,
  /// Arithmetic: the default may round factors of float to TF32 on GPUs that have it, FMA never does; tensor cores for
  /// types that they know. What 2 names may round float to half, and is not used.
  ApusCUDNNDefaultMath = 0,
  ApusCUDNNTensorMath = 1,
  ApusCUDNNFusedMultiplyAdd = 3,
  ApusCUDNNDeterministic = 1,
  /// Algorithms of the three directions.
  ApusCUDNNForwardImplicitGEMM = 0,
  ApusCUDNNForwardFFT = 4,
  ApusCUDNNForwardFFTTiling = 5,
  ApusCUDNNInputGradientImplicitGEMM = 1,
  ApusCUDNNInputGradientFFT = 2,
  ApusCUDNNInputGradientFFTTiling = 3,
  ApusCUDNNWeightGradientImplicitGEMM = 1,
  ApusCUDNNWeightGradientFFT = 2,
  ApusCUDNNWeightGradientFFTTiling = 6,
};

/// What cuDNN thinks of an algorithm; the same for all three directions.
typedef struct ApusCUDNNAlgorithm {
  int algorithm;
  /// 0 where it can be used.
  int status;
  float time;
  size_t memory;
  int determinism;
  int mathType;
  int reserved[3];
} ApusCUDNNAlgorithm;

#define APUS_CUDNN_ENTRY_POINTS(X)                                                                               \
  X(size_t, cudnnGetVersion, cudnnGetVersion, (void))                                                            \
  X(const char *_Nonnull, cudnnGetErrorString, cudnnGetErrorString, (int status))                                \
  X(void, cudnnGetLastErrorString, cudnnGetLastErrorString, (char *_Nonnull message, size_t size))               \
  X(int, cudnnCreate, cudnnCreate, (ApusCUDNNHandle _Nullable *_Nonnull handle))                                 \
  X(int, cudnnSetStream, cudnnSetStream, (ApusCUDNNHandle _Nullable handle, ApusCUstream _Nullable stream))      \
  X(int, cudnnCreateTensorDescriptor, cudnnCreateTensorDescriptor, (ApusCUDNNTensor _Nullable *_Nonnull tensor)) \
  X(int, cudnnSetTensorNdDescriptor, cudnnSetTensorNdDescriptor,                                                 \
    (ApusCUDNNTensor _Nullable tensor, int type, int rank, const int *_Nonnull sizes,                            \
     const int *_Nonnull strides))                                                                               \
  X(int, cudnnDestroyTensorDescriptor, cudnnDestroyTensorDescriptor, (ApusCUDNNTensor _Nullable tensor))         \
  X(int, cudnnCreateFilterDescriptor, cudnnCreateFilterDescriptor, (ApusCUDNNFilter _Nullable *_Nonnull filter)) \
  X(int, cudnnSetFilterNdDescriptor, cudnnSetFilterNdDescriptor,                                                 \
    (ApusCUDNNFilter _Nullable filter, int type, int format, int rank, const int *_Nonnull sizes))               \
  X(int, cudnnDestroyFilterDescriptor, cudnnDestroyFilterDescriptor, (ApusCUDNNFilter _Nullable filter))         \
  X(int, cudnnCreateConvolutionDescriptor, cudnnCreateConvolutionDescriptor,                                     \
    (ApusCUDNNConvolution _Nullable *_Nonnull convolution))                                                      \
  X(int, cudnnSetConvolutionNdDescriptor, cudnnSetConvolutionNdDescriptor,                                       \
    (ApusCUDNNConvolution _Nullable convolution, int rank, const int *_Nonnull padding,                          \
     const int *_Nonnull stride, const int *_Nonnull dilation, int mode, int computeType))                       \
  X(int, cudnnSetConvolutionGroupCount, cudnnSetConvolutionGroupCount,                                           \
    (ApusCUDNNConvolution _Nullable convolution, int groups))                                                    \
  X(int, cudnnSetConvolutionMathType, cudnnSetConvolutionMathType,                                               \
    (ApusCUDNNConvolution _Nullable convolution, int mathType))                                                  \
  X(int, cudnnDestroyConvolutionDescriptor, cudnnDestroyConvolutionDescriptor,                                   \
    (ApusCUDNNConvolution _Nullable convolution))                                                                \
  X(int, cudnnGetConvolutionForwardAlgorithm, cudnnGetConvolutionForwardAlgorithm_v7,                            \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNTensor _Nullable x, ApusCUDNNFilter _Nullable weight,            \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNTensor _Nullable y, int capacity,                      \
     int *_Nonnull count, ApusCUDNNAlgorithm *_Nonnull algorithms))                                              \
  X(int, cudnnGetConvolutionForwardWorkspaceSize, cudnnGetConvolutionForwardWorkspaceSize,                       \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNTensor _Nullable x, ApusCUDNNFilter _Nullable weight,            \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNTensor _Nullable y, int algorithm,                     \
     size_t *_Nonnull bytes))                                                                                    \
  X(int, cudnnConvolutionForward, cudnnConvolutionForward,                                                       \
    (ApusCUDNNHandle _Nullable handle, const void *_Nonnull alpha, ApusCUDNNTensor _Nullable x,                  \
     const void *_Nonnull xAddress, ApusCUDNNFilter _Nullable weight, const void *_Nonnull weightAddress,        \
     ApusCUDNNConvolution _Nullable convolution, int algorithm, void *_Nullable workspace, size_t bytes,         \
     const void *_Nonnull beta, ApusCUDNNTensor _Nullable y, void *_Nonnull yAddress))                           \
  X(int, cudnnGetConvolutionBackwardDataAlgorithm, cudnnGetConvolutionBackwardDataAlgorithm_v7,                  \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNFilter _Nullable weight, ApusCUDNNTensor _Nullable dy,           \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNTensor _Nullable dx, int capacity,                     \
     int *_Nonnull count, ApusCUDNNAlgorithm *_Nonnull algorithms))                                              \
  X(int, cudnnGetConvolutionBackwardDataWorkspaceSize, cudnnGetConvolutionBackwardDataWorkspaceSize,             \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNFilter _Nullable weight, ApusCUDNNTensor _Nullable dy,           \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNTensor _Nullable dx, int algorithm,                    \
     size_t *_Nonnull bytes))                                                                                    \
  X(int, cudnnConvolutionBackwardData, cudnnConvolutionBackwardData,                                             \
    (ApusCUDNNHandle _Nullable handle, const void *_Nonnull alpha, ApusCUDNNFilter _Nullable weight,             \
     const void *_Nonnull weightAddress, ApusCUDNNTensor _Nullable dy, const void *_Nonnull dyAddress,           \
     ApusCUDNNConvolution _Nullable convolution, int algorithm, void *_Nullable workspace, size_t bytes,         \
     const void *_Nonnull beta, ApusCUDNNTensor _Nullable dx, void *_Nonnull dxAddress))                         \
  X(int, cudnnGetConvolutionBackwardFilterAlgorithm, cudnnGetConvolutionBackwardFilterAlgorithm_v7,              \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNTensor _Nullable x, ApusCUDNNTensor _Nullable dy,                \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNFilter _Nullable dWeight, int capacity,                \
     int *_Nonnull count, ApusCUDNNAlgorithm *_Nonnull algorithms))                                              \
  X(int, cudnnGetConvolutionBackwardFilterWorkspaceSize, cudnnGetConvolutionBackwardFilterWorkspaceSize,         \
    (ApusCUDNNHandle _Nullable handle, ApusCUDNNTensor _Nullable x, ApusCUDNNTensor _Nullable dy,                \
     ApusCUDNNConvolution _Nullable convolution, ApusCUDNNFilter _Nullable dWeight, int algorithm,               \
     size_t *_Nonnull bytes))                                                                                    \
  X(int, cudnnConvolutionBackwardFilter, cudnnConvolutionBackwardFilter,                                         \
    (ApusCUDNNHandle _Nullable handle, const void *_Nonnull alpha, ApusCUDNNTensor _Nullable x,                  \
     const void *_Nonnull xAddress, ApusCUDNNTensor _Nullable dy, const void *_Nonnull dyAddress,                \
     ApusCUDNNConvolution _Nullable convolution, int algorithm, void *_Nullable workspace, size_t bytes,         \
     const void *_Nonnull beta, ApusCUDNNFilter _Nullable dWeight, void *_Nonnull dWeightAddress))

APUS_LIBRARY(ApusCUDNN, cudnn, APUS_CUDNN_ENTRY_POINTS)

#endif
