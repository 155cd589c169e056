import ApusGraph

extension KernelSource {
    /// `U`: the unsigned type of the keys.
    fileprivate static let pairSort = KernelSource(
        name: "pair sort",
        code: """
            // How many keys of a row a block moves.
            #define CHUNK 4096

            extern __shared__ unsigned long long shared_words[];

            // Bitonic sort of rows of up to `padded` elements, a power of two, in shared memory. The position decides
            // between equal keys, which makes it stable.
            extern "C" __global__ void sort_short_rows(
                U* keys, unsigned int* order, int64 length, int64 rows, int64 padded) {
                U* key = (U*)shared_words;
                unsigned int* place = (unsigned int*)(key + padded);
                const unsigned int half = (unsigned int)padded / 2;
                for (int64 row = blockIdx.x; row < rows; row += gridDim.x) {
                    for (unsigned int i = threadIdx.x; i < padded; i += blockDim.x) {
                        key[i] = i < length ? keys[row * length + i] : ~(U)0;
                        place[i] = i < length ? i : 0xffffffffu;
                    }
                    __syncthreads();
                    for (unsigned int size = 2; size <= padded; size *= 2) {
                        for (unsigned int distance = size / 2; distance > 0; distance /= 2) {
                            for (unsigned int t = threadIdx.x; t < half; t += blockDim.x) {
                                const unsigned int i = 2 * t - (t & (distance - 1)), j = i + distance;
                                const bool ascending = (i & size) == 0;
                                const U a = key[i], b = key[j];
                                const unsigned int p = place[i], q = place[j];
                                const bool greater = a > b || (a == b && p > q);
                                if (greater == ascending) {
                                    key[i] = b;
                                    key[j] = a;
                                    place[i] = q;
                                    place[j] = p;
                                }
                            }
                            __syncthreads();
                        }
                    }
                    for (unsigned int i = threadIdx.x; i < length; i += blockDim.x) {
                        keys[row * length + i] = key[i];
                        order[row * length + i] = place[i];
                    }
                    __syncthreads();
                }
            }

            // How often each digit occurs in each chunk: counts[row][digit][chunk]. Blocks of 256 threads.
            extern "C" __global__ void count_digits(
                const U* keys, unsigned int* counts, int64 length, int64 rows, int64 chunks, int64 shift) {
                __shared__ unsigned int numbers[256];
                for (int64 block = blockIdx.x; block < rows * chunks; block += gridDim.x) {
                    const int64 row = block / chunks, chunk = block - row * chunks;
                    const int64 end = (chunk + 1) * CHUNK < length ? (chunk + 1) * CHUNK : length;
                    numbers[threadIdx.x] = 0;
                    __syncthreads();
                    for (int64 i = chunk * CHUNK + threadIdx.x; i < end; i += blockDim.x)
                        atomicAdd(&numbers[(unsigned int)(keys[row * length + i] >> shift) & 255u], 1u);
                    __syncthreads();
                    counts[(row * 256 + threadIdx.x) * chunks + chunk] = numbers[threadIdx.x];
                }
            }

            // Puts in the place of each count of a row the sum of those before it. One block of 1,024 threads a row.
            extern "C" __global__ void sum_counts(unsigned int* counts, int64 entries, int64 rows) {
                __shared__ unsigned int sums[32];
                const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
                for (int64 row = blockIdx.x; row < rows; row += gridDim.x) {
                    unsigned int* own = counts + row * entries;
                    unsigned int carry = 0;
                    for (int64 begin = 0; begin < entries; begin += 1024) {
                        const int64 i = begin + threadIdx.x;
                        const unsigned int number = i < entries ? own[i] : 0;
                        unsigned int sum = number;
                        for (int distance = 1; distance < 32; distance *= 2) {
                            const unsigned int left = __shfl_up_sync(0xffffffffu, sum, distance);
                            if (lane >= distance) sum += left;
                        }
                        if (lane == 31) sums[warp] = sum;
                        __syncthreads();
                        unsigned int before = 0, all = 0;
                        for (int w = 0; w < 32; w++) {
                            if (w < warp) before += sums[w];
                            all += sums[w];
                        }
                        if (i < entries) own[i] = carry + before + sum - number;
                        carry += all;
                        __syncthreads();
                    }
                }
            }

            // Moves keys to their places by one digit; equal digits keep their order. Blocks of 256 threads.
            extern "C" __global__ void move_by_digit(
                const U* keys, const unsigned int* order, U* moved_keys, unsigned int* moved_order,
                const unsigned int* places, int64 length, int64 rows, int64 chunks, int64 shift, int64 is_first) {
                // The place of the next key with each digit, then that of the next one of each warp.
                __shared__ unsigned int next[256];
                __shared__ unsigned int warps[8][256];
                const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
                for (int64 block = blockIdx.x; block < rows * chunks; block += gridDim.x) {
                    const int64 row = block / chunks, chunk = block - row * chunks;
                    const int64 end = (chunk + 1) * CHUNK < length ? (chunk + 1) * CHUNK : length;
                    // Each thread reads and writes its own digit of `next` only.
                    next[threadIdx.x] = places[(row * 256 + threadIdx.x) * chunks + chunk];
                    for (int64 begin = chunk * CHUNK; begin < end; begin += 256) {
                        for (int w = 0; w < 8; w++) warps[w][threadIdx.x] = 0;
                        __syncthreads();
                        const int64 i = begin + threadIdx.x;
                        const bool exists = i < end;
                        const U key = exists ? keys[row * length + i] : (U)0;
                        const unsigned int digit = exists ? (unsigned int)(key >> shift) & 255u : 256u;
                        const unsigned int equals = __match_any_sync(0xffffffffu, digit);
                        const unsigned int rank = __popc(equals & ((1u << lane) - 1u));
                        if (exists && rank == 0) warps[warp][digit] = __popc(equals);
                        __syncthreads();
                        unsigned int place = next[threadIdx.x];
                        for (int w = 0; w < 8; w++) {
                            const unsigned int number = warps[w][threadIdx.x];
                            warps[w][threadIdx.x] = place;
                            place += number;
                        }
                        next[threadIdx.x] = place;
                        __syncthreads();
                        if (exists) {
                            const int64 target = row * length + warps[warp][digit] + rank;
                            moved_keys[target] = key;
                            moved_order[target] = is_first ? (unsigned int)i : order[row * length + i];
                        }
                        __syncthreads();
                    }
                }
            }
            """)
}

/// A stable sort of the keys of some rows, together with the positions where they were, in scratch memory.
///
/// Short rows are sorted by a block each; longer ones by their digits of 8 bits, from the lowest on. Both are the same in
/// every run.
struct PairSort: Sendable {
    /// What a row of keys and positions takes of a block's memory at most: 24 KB.
    private static let shortLength = 2048
    private static let chunk = 4096

    let rows: Int
    let length: Int
    /// The unsigned type of the keys in CUDA C++.
    let keyName: String
    private let keyBytes: Int
    private let passes: Int
    private let short: CUDAKernel
    private let count: CUDAKernel
    private let sum: CUDAKernel
    private let move: CUDAKernel

    /// - Parameters:
    ///   - rows: the rows that are sorted at once, at most.
    ///   - length: the keys in a row, below 2³².
    ///   - bits: how many of the lower bits of keys may be set; keys have 32 or 64.
    ///   - operation: the name in errors.
    init(rows: Int, length: Int, bits: Int, operation: String) throws {
        guard length < 1 << 32 else {
            throw TensorError(operation, "\(length) elements are more than CUDA kernels sort, 4,294,967,295.")
        }
        self.rows = rows
        self.length = length
        keyBytes = bits <= 32 ? 4 : 8
        keyName = ElementBits.name(byteCount: keyBytes)
        passes = max(1, (bits + 7) / 8)
        let macros = ["U": keyName]
        short = CUDAKernel(.pairSort, "sort_short_rows", macros: macros)
        count = CUDAKernel(.pairSort, "count_digits", macros: macros)
        sum = CUDAKernel(.pairSort, "sum_counts", macros: macros)
        move = CUDAKernel(.pairSort, "move_by_digit", macros: macros)
    }

    private var isShort: Bool { length <= Self.shortLength }
    private var chunks: Int { (length + Self.chunk - 1) / Self.chunk }
    private var keysSize: Int { Self.aligned(rows * length * keyBytes) }
    private var orderSize: Int { Self.aligned(rows * length * 4) }

    private static func aligned(_ bytes: Int) -> Int { (bytes + 255) / 256 * 256 }

    var scratchBytes: Int {
        isShort ? keysSize + orderSize : 2 * (keysSize + orderSize) + Self.aligned(rows * chunks * 256 * 4)
    }

    /// Puts the sort of some rows into the device's queue.
    ///
    /// Before it runs the keys stand at the start of the scratch memory, row by row. Returns where they stand in order
    /// afterwards, and the positions in their row where they were, as 32-bit unsigned integers.
    func run(
        on device: CUDADevice, rows: Int, _ scratch: UnsafeMutableRawPointer
    ) throws -> (keys: UnsafeMutableRawPointer, order: UnsafeMutableRawPointer) {
        var (keys, order) = (scratch, scratch + keysSize)
        guard !isShort else {
            var padded = 2
            while padded < length { padded *= 2 }
            try short.launch(
                on: device, blocks: min(rows, 1 << 20), threads: min(max(padded / 2, 32), 1024),
                sharedBytes: padded * (keyBytes + 4), .address(keys), .address(order), .int(length), .int(rows),
                .int(padded))
            return (keys, order)
        }
        var (otherKeys, otherOrder) = (order + orderSize, order + orderSize + keysSize)
        let counts = otherOrder + orderSize
        let blocks = min(rows * chunks, 1 << 20)
        for pass in 0..<passes {
            let shift = 8 * pass
            try count.launch(
                on: device, blocks: blocks, threads: 256, .address(keys), .address(counts), .int(length), .int(rows),
                .int(chunks), .int(shift))
            try sum.launch(
                on: device, blocks: min(rows, 1 << 20), threads: 1024, .address(counts), .int(256 * chunks), .int(rows))
            try move.launch(
                on: device, blocks: blocks, threads: 256, .address(keys), .address(order), .address(otherKeys),
                .address(otherOrder), .address(counts), .int(length), .int(rows), .int(chunks), .int(shift),
                .int(pass == 0 ? 1 : 0))
            swap(&keys, &otherKeys)
            swap(&order, &otherOrder)
        }
        return (keys, order)
    }
}
