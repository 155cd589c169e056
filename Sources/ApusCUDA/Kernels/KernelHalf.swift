/// Numbers of 16 bits in kernels, `bfloat16` and `float16`: they are only stored as such, and computed with as `float`.
enum KernelHalf {
    /// CUDA C++ that sources put before their kernels.
    static let code = """
        struct BFloat16 { unsigned short bits; };
        struct Float16 { unsigned short bits; };

        // An element as a number to compute with.
        template <typename N> __device__ inline N apus_number(N x) { return x; }
        __device__ inline float apus_number(BFloat16 x) { return __uint_as_float((unsigned int)x.bits << 16); }
        __device__ inline float apus_number(Float16 x) {
            float result;
            asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
            return result;
        }

        // Keeps a number as an element.
        template <typename N> __device__ inline void apus_set(N& target, N x) { target = x; }

        // Rounds to nearest, to even where two are as near.
        __device__ inline void apus_set(BFloat16& target, float x) {
        #if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
            asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(target.bits) : "f"(x));
        #else
            const unsigned int bits = __float_as_uint(x);
            const bool isNaN = (bits & 0x7fffffffu) > 0x7f800000u;
            target.bits = (unsigned short)(isNaN ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
        #endif
        }

        // The same; what is beyond the largest number becomes infinite, and NaN stays one.
        __device__ inline void apus_set(Float16& target, float x) {
            asm("cvt.rn.f16.f32 %0, %1;" : "=h"(target.bits) : "f"(x));
        }

        __device__ inline void apus_set(float& target, BFloat16 x) { target = apus_number(x); }
        __device__ inline void apus_set(float& target, Float16 x) { target = apus_number(x); }
        __device__ inline void apus_set(BFloat16& target, Float16 x) { apus_set(target, apus_number(x)); }
        __device__ inline void apus_set(Float16& target, BFloat16 x) { apus_set(target, apus_number(x)); }

        """
}
