/// The kernels for the least that the processor has: SSE2 on x86-64, NEON on ARM64.

// Contraction to fused multiply-add, where the instruction set has it, is meant: fewer roundings, and twice as fast.
#pragma STDC FP_CONTRACT ON

#include <math.h>
#include <stdlib.h>

#include "kernels/kernel_list.h"

#define APUS_VECTOR_WIDTH 4
#if defined(__aarch64__)
#define APUS_VECTOR_REGISTERS 32
#else
#define APUS_VECTOR_REGISTERS 16
#endif
#define APUS_KERNEL_TABLE apus_kernels_baseline

#include "kernels/all_kernels.h"
