#ifndef APUS_CUDA_KERNEL_ARGUMENTS_H
#define APUS_CUDA_KERNEL_ARGUMENTS_H

// What kernels take by value. Sources/ApusCUDA/Kernels/KernelPrelude.swift declares the same structures for the GPU.

enum { APUS_CUDA_MAX_RANK = 16 };

/// Sizes of the dimensions, outermost first, and how many elements lie between neighbours along each.
typedef struct ApusDimensions {
  long long rank;
  long long sizes[APUS_CUDA_MAX_RANK];
  long long strides[APUS_CUDA_MAX_RANK];
} ApusDimensions;

/// What a kernel met that cannot be computed; code is 0 where there was nothing.
typedef struct ApusFault {
  long long code;
  long long values[3];
} ApusFault;

#endif
