/// What stands at the head of every kernel's source: types, indexing, sums over blocks, and how to report a fault.
enum KernelPrelude {
    static let code = """
        typedef long long int64;
        typedef unsigned char uint8;

        #define APUS_MAX_RANK 16

        struct Dimensions {
            int64 rank;
            int64 sizes[APUS_MAX_RANK];
            int64 strides[APUS_MAX_RANK];
        };

        struct Fault {
            int64 code;
            int64 values[3];
        };

        // Runs the loop's body for each index below count, spread over all threads of the grid.
        #define APUS_LOOP(index, count)                                                                  \\
            for (int64 index = blockIdx.x * (int64)blockDim.x + threadIdx.x; index < (count);            \\
                 index += (int64)gridDim.x * blockDim.x)

        // Where the element at a row-major position lies.
        __device__ inline int64 apus_offset(const Dimensions& dimensions, int64 position) {
            int64 offset = 0;
            for (int d = (int)dimensions.rank - 1; d >= 0; d--) {
                const int64 size = dimensions.sizes[d];
                const int64 rest = position / size;
                offset += (position - rest * size) * dimensions.strides[d];
                position = rest;
            }
            return offset;
        }

        // Notes the first fault of a run; whoever reads a result then gets an error.
        __device__ inline void apus_fault(Fault* fault, int64 code, int64 a, int64 b, int64 c) {
            if (atomicCAS((unsigned long long*)&fault->code, 0ull, (unsigned long long)code) == 0ull) {
                fault->values[0] = a;
                fault->values[1] = b;
                fault->values[2] = c;
            }
        }

        // Combines the values of all threads of a block, in a fixed order; every thread gets the result. At most 1,024
        // threads, whose number is a multiple of 32; `identity` is the operation's neutral element.
        template <typename T, typename Combine>
        __device__ inline T apus_block_reduce(T value, T identity, Combine combine) {
            __shared__ T partial[32];
            for (int distance = 16; distance > 0; distance /= 2)
                value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
            const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
            __syncthreads();
            if (lane == 0) partial[warp] = value;
            __syncthreads();
            value = lane < (blockDim.x + 31) / 32 ? partial[lane] : identity;
            for (int distance = 16; distance > 0; distance /= 2)
                value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
            return value;
        }

        struct Add { template <typename T> __device__ T operator()(T a, T b) const { return a + b; } };

        template <typename T> __device__ inline T apus_block_sum(T value) {
            return apus_block_reduce(value, T(0), Add());
        }

        """
}
