/// Numbers of `bfloat16` in kernels: they are only stored as such, and computed with as `float`.
enum KernelBFloat16 {
    /// CUDA C++ that sources put before their kernels.
    static let code = """
        struct BFloat16 { unsigned short bits; };

        // An element as a number to compute with.
        template <typename N> __device__ inline N apus_number(N x) { return x; }
        __device__ inline float apus_number(BFloat16 x) { return __uint_as_float((unsigned int)x.bits << 16); }

        // Rounds to nearest, to even where two are as near.
        __device__ inline BFloat16 apus_bfloat16(float x) {
            BFloat16 result;
        #if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
            asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
        #else
            const unsigned int bits = __float_as_uint(x);
            const bool isNaN = (bits & 0x7fffffffu) > 0x7f800000u;
            result.bits = (unsigned short)(isNaN ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
        #endif
            return result;
        }

        // Keeps a number as an element.
        template <typename N> __device__ inline void apus_set(N& target, N x) { target = x; }
        __device__ inline void apus_set(BFloat16& target, float x) { target = apus_bfloat16(x); }
        __device__ inline void apus_set(float& target, BFloat16 x) { target = apus_number(x); }

        """
}
