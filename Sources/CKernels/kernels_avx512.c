/// The kernels for AVX-512 (x86-64-v4).
#if defined(__x86_64__)

// Contraction to fused multiply-add, where the instruction set has it, is meant: fewer roundings, and twice as fast.
#pragma STDC FP_CONTRACT ON

#include <math.h>
#include <stdlib.h>

#include "kernels/kernel_list.h"

#define APUS_VECTOR_WIDTH 16
#define APUS_VECTOR_REGISTERS 32
#define APUS_KERNEL_TABLE apus_kernels_avx512

// The attributes reach every function in between, helpers included, so that they inline into each other. Without the
// least width the compiler may split 512-bit vectors in two, as it prefers to on some processors.
#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#include "kernels/all_kernels.h"
#pragma clang attribute pop

#else
typedef int apus_no_avx512_on_this_processor;
#endif
