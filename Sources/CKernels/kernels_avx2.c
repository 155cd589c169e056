/// The kernels for AVX2 with FMA (x86-64-v3).
#if defined(__x86_64__)

// Contraction to fused multiply-add, where the instruction set has it, is meant: fewer roundings, and twice as fast.
#pragma STDC FP_CONTRACT ON

#include <math.h>
#include <stdlib.h>

#include "kernels/kernel_list.h"

#define APUS_VECTOR_WIDTH 8
#define APUS_VECTOR_REGISTERS 16
#define APUS_KERNEL_TABLE apus_kernels_avx2

// The attribute reaches every function in between, helpers included, so that they inline into each other.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "kernels/all_kernels.h"
#pragma clang attribute pop

#else
typedef int apus_no_avx2_on_this_processor;
#endif
