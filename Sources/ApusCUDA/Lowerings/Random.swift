import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements.
    fileprivate static let random = KernelSource(
        name: "random",
        code: """
            typedef unsigned long long uint64;

            // Philox4x32-10: four numbers of 32 bits are a function of the seed and a counter.
            struct Block { unsigned int numbers[4]; };

            __device__ inline Block philox(uint64 seed, uint64 counter) {
                unsigned int a = (unsigned int)counter, b = (unsigned int)(counter >> 32), c = 0, d = 0;
                unsigned int k = (unsigned int)seed, l = (unsigned int)(seed >> 32);
                for (int round = 0; round < 10; round++) {
                    const uint64 first = (uint64)a * 0xD2511F53u, third = (uint64)c * 0xCD9E8D57u;
                    a = (unsigned int)(third >> 32) ^ b ^ k;
                    b = (unsigned int)third;
                    c = (unsigned int)(first >> 32) ^ d ^ l;
                    d = (unsigned int)first;
                    k += 0x9E3779B9u;
                    l += 0xBB67AE85u;
                }
                return Block{{a, b, c, d}};
            }

            // Block i of the stream that begins at a key: the seed and a position.
            __device__ inline Block block_of(const int64* key, int64 i) {
                return philox((uint64)key[0], (uint64)key[1] + (uint64)i);
            }

            __device__ inline float unit_float(unsigned int bits) { return (float)(bits >> 8) * 0x1p-24f; }
            __device__ inline double unit_double(unsigned int high, unsigned int low) {
                return (double)(((uint64)high << 32 | low) >> 11) * 0x1p-53;
            }

            // Elements that are read and written at once.
            template <int N> struct alignas(sizeof(T) * N) Group { T elements[N]; };

            template <int N> __device__ inline void store(T* y, int64 i, int64 count, const Group<N>& group) {
                if ((i + 1) * N <= count) {
                    ((Group<N>*)y)[i] = group;
                } else {
                    for (int k = 0; k < N; k++)
                        if (i * N + k < count) y[i * N + k] = group.elements[k];
                }
            }

            // How many elements a block gives, but for Bernoulli's distribution.
            #define PER_BLOCK (IS_FLOAT ? 4 : 2)

            // `least` and `last` are the bounds, rounded: what is rounded to the upper one does not belong to the range.
            extern "C" __global__ void uniform(
                const int64* __restrict__ key, T* __restrict__ y, double low, double range, double least, double last,
                int64 count) {
                APUS_LOOP(i, (count + PER_BLOCK - 1) / PER_BLOCK) {
                    const Block block = block_of(key, i);
                    Group<PER_BLOCK> group;
                    for (int k = 0; k < PER_BLOCK; k++) {
                        const double unit = IS_FLOAT
                            ? (double)unit_float(block.numbers[k])
                            : unit_double(block.numbers[2 * k & 3], block.numbers[2 * k + 1 & 3]);
                        // The product rounds before the sum.
                        double number = low + range * unit;
                        if (IS_FLOAT) number = (double)(float)number;
                        number = last < number ? last : number;
                        group.elements[k] = (T)(number >= least ? number : least);
                    }
                    store(y, i, count, group);
                }
            }

            // √(−2 log u) · (cos 2πv, sin 2πv) for u in (0, 1] and v in [0, 1): Box and Muller.
            extern "C" __global__ void normal(
                const int64* __restrict__ key, T* __restrict__ y, double mean, double deviation, int64 count) {
                APUS_LOOP(i, (count + PER_BLOCK - 1) / PER_BLOCK) {
                    const Block block = block_of(key, i);
                    Group<PER_BLOCK> group;
                    for (int pair = 0; pair < PER_BLOCK / 2; pair++) {
                        if (IS_FLOAT) {
                            // All 32 bits count here, for a longer tail.
                            const float u = (float)block.numbers[2 * pair] * 0x1p-32f + 0x1p-33f;
                            const float radius = (float)deviation * sqrtf(-2.0f * logf(u));
                            float sine, cosine;
                            sincospif(2.0f * unit_float(block.numbers[2 * pair + 1]), &sine, &cosine);
                            group.elements[2 * pair] = (T)((float)mean + radius * cosine);
                            group.elements[2 * pair + 1] = (T)((float)mean + radius * sine);
                        } else {
                            const double u = 1.0 - unit_double(block.numbers[0], block.numbers[1]);
                            const double radius = deviation * sqrt(-2.0 * log(u));
                            double sine, cosine;
                            sincospi(2.0 * unit_double(block.numbers[2], block.numbers[3]), &sine, &cosine);
                            group.elements[2 * pair] = (T)(mean + radius * cosine);
                            group.elements[2 * pair + 1] = (T)(mean + radius * sine);
                        }
                    }
                    store(y, i, count, group);
                }
            }

            // The high half of fraction · range, from `low` on.
            extern "C" __global__ void integers(
                const int64* __restrict__ key, T* __restrict__ y, int64 low, int64 range, int64 count) {
                APUS_LOOP(i, (count + PER_BLOCK - 1) / PER_BLOCK) {
                    const Block block = block_of(key, i);
                    Group<PER_BLOCK> group;
                    for (int k = 0; k < PER_BLOCK; k++) {
                        const uint64 fraction = IS_FLOAT
                            ? (uint64)block.numbers[k] << 32
                            : (uint64)block.numbers[2 * k & 3] << 32 | block.numbers[2 * k + 1 & 3];
                        group.elements[k] = (T)(int64)((uint64)low + __umul64hi(fraction, (uint64)range));
                    }
                    store(y, i, count, group);
                }
            }

            extern "C" __global__ void bernoulli(
                const int64* __restrict__ key, T* __restrict__ y, int64 threshold, int64 count) {
                APUS_LOOP(i, (count + 3) / 4) {
                    const Block block = block_of(key, i);
                    Group<4> group;
                    for (int k = 0; k < 4; k++) group.elements[k] = (T)((int64)block.numbers[k] < threshold);
                    store(y, i, count, group);
                }
            }

            // y may be x: a thread reads all its elements before it writes.
            extern "C" __global__ void dropout(
                const T* x, const int64* __restrict__ key, T* y, int64 threshold, double scale, int64 count) {
                APUS_LOOP(i, (count + 3) / 4) {
                    const Block block = block_of(key, i);
                    Group<4> group;
                    if ((i + 1) * 4 <= count) {
                        group = ((const Group<4>*)x)[i];
                    } else {
                        for (int k = 0; k < 4; k++) group.elements[k] = i * 4 + k < count ? x[i * 4 + k] : T(0);
                    }
                    for (int k = 0; k < 4; k++)
                        group.elements[k] = group.elements[k] * ((int64)block.numbers[k] < threshold ? (T)scale : T(0));
                    store(y, i, count, group);
                }
            }
            """)
}

/// A kernel of the source, for a type.
private func randomKernel(_ name: String, _ dtype: DType) -> CUDAKernel {
    CUDAKernel(.random, name, types: ["T": dtype], macros: ["IS_FLOAT": dtype == .float32 ? "1" : "0"])
}

extension RandomNumbers: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        switch distribution {
        case .uniform(let low, let high):
            try requireReal()
            let isFloat = dtype == .float32
            let least = isFloat ? Double(Float(low)) : low
            let last = isFloat ? Double(Float(high).nextDown) : high.nextDown
            return prepare("uniform", reals: [low, high - low, least, last], on: device)
        case .normal(let mean, let deviation):
            try requireReal()
            return prepare("normal", reals: [mean, deviation], on: device)
        case .integers(let low, let high): return prepare("integers", integers: [low, high &- low], on: device)
        case .bernoulli(let probability):
            return prepare("bernoulli", integers: [Int(Self.threshold(probability))], on: device)
        }
    }

    private func requireReal() throws {
        guard dtype.isFloatingPoint else {
            throw TensorError(name, "the operation is not defined for \(dtype). Cast to .float32 first.")
        }
    }

    /// A thread for each block of numbers.
    private func prepare(
        _ kernel: String, reals: [Double] = [], integers: [Int] = [], on device: CUDADevice
    ) -> PreparedStep {
        let kernel = randomKernel(kernel, dtype)
        let count = shape.elementCount
        let groups = (count + elementsPerBlock - 1) / elementsPerBlock
        return PreparedStep(kernel: "philox") { operands, _ in
            guard groups > 0 else { return }
            let numbers = reals.map(KernelArgument.double) + integers.map(KernelArgument.int)
            try kernel.launch(
                on: device, grid: (min((groups + 255) / 256, 65_536), 1, 1), block: (256, 1, 1), sharedBytes: 0,
                [.address(operands[0]), .address(operands[1])] + numbers + [.int(count)])
        }
    }
}

extension RandomDropout: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        guard spec.dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(spec.dtype). Cast it to .float32.")
        }
        let kernel = randomKernel("dropout", spec.dtype)
        let (count, threshold, scale) = (spec.shape.elementCount, Int(threshold), scale)
        return PreparedStep(kernel: "philox") { operands, _ in
            try kernel.launch(
                on: device, count: (count + 3) / 4, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), .int(threshold), .double(scale), .int(count))
        }
    }
}
