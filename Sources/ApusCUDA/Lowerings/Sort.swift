import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `U`: the unsigned type of their keys.
    fileprivate static let sort = KernelSource(
        name: "sort",
        code: """
            // Keys that are in order as the elements are; NaN comes after all numbers, and −0 is 0.
            __device__ inline unsigned int key_of(float x) {
                if (isnan(x)) return 0xffffffffu;
                const unsigned int bits = __float_as_uint(x == 0.0f ? 0.0f : x);
                return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
            }
            __device__ inline unsigned long long key_of(double x) {
                if (isnan(x)) return 0xffffffffffffffffull;
                const unsigned long long bits = (unsigned long long)__double_as_longlong(x == 0.0 ? 0.0 : x);
                return bits & 0x8000000000000000ull ? ~bits : bits | 0x8000000000000000ull;
            }
            __device__ inline unsigned long long key_of(int64 x) {
                return (unsigned long long)x ^ 0x8000000000000000ull;
            }
            __device__ inline unsigned int key_of(uint8 x) { return x; }
            __device__ inline unsigned int key_of(bool x) { return x ? 1 : 0; }

            // Rows along the middle of [outer, length, inner]. `mask` turns the order of the keys around.
            extern "C" __global__ void sort_keys(
                const T* __restrict__ x, U* __restrict__ keys, int64 first_row, int64 length, int64 inner, int64 mask,
                int64 count) {
                APUS_LOOP(i, count) {
                    const int64 line = i / length, place = i - line * length;
                    const int64 row = first_row + line, o = row / inner;
                    keys[i] = (U)key_of(x[(o * length + place) * inner + (row - o * inner)]) ^ (U)mask;
                }
            }

            // The first `kept` elements of each row in order, and where they were.
            extern "C" __global__ void sort_take(
                const T* __restrict__ x, const unsigned int* __restrict__ order, T* __restrict__ y,
                int64* __restrict__ positions, int64 first_row, int64 length, int64 kept, int64 inner, int64 count) {
                APUS_LOOP(i, count) {
                    const int64 line = i / kept, place = i - line * kept;
                    const int64 row = first_row + line, o = row / inner, column = row - o * inner;
                    const int64 position = order[line * length + place];
                    const int64 target = (o * kept + place) * inner + column;
                    y[target] = x[(o * length + position) * inner + column];
                    positions[target] = position;
                }
            }
            """)
}

extension DType {
    /// How many bits the keys of elements have.
    fileprivate var keyBits: Int {
        switch self {
        case .bool, .uint8: 8
        case .float32: 32
        case .int64, .float64: 64
        }
    }
}

/// A step that sorts along a dimension and keeps the first elements of each row.
private func sortStep(
    _ step: StepDescription, along dimension: Int, kept: Int, isDescending: Bool, on device: CUDADevice
) throws -> PreparedStep {
    let spec = step.inputs[0].spec
    let sizes = spec.shape.dimensions
    let (length, inner) = (sizes[dimension], sizes[(dimension + 1)...].reduce(1, *))
    let rows = sizes[..<dimension].reduce(1, *) * inner
    guard rows > 0, kept > 0 else { return PreparedStep(kernel: "sort") { _, _ in } }
    // So many rows at once that the scratch memory is no more than for 16 million elements, or for one row.
    let group = min(rows, max(1, (1 << 24) / length))
    let bits = spec.dtype.keyBits
    let sort = try PairSort(rows: group, length: length, bits: bits, operation: step.primitive.name)
    let types = ["T": spec.dtype]
    let macros = ["U": sort.keyName]
    let keys = CUDAKernel(.sort, "sort_keys", types: types, macros: macros)
    let take = CUDAKernel(.sort, "sort_take", types: types, macros: macros)
    let mask = isDescending ? (bits == 64 ? -1 : (1 << bits) - 1) : 0
    return PreparedStep(kernel: "sort", scratchBytes: sort.scratchBytes) { operands, scratch in
        for first in stride(from: 0, to: rows, by: group) {
            let number = min(group, rows - first)
            try keys.launch(
                on: device, count: number * length, .address(operands[0]), .address(scratch), .int(first), .int(length),
                .int(inner), .int(mask), .int(number * length))
            let order = try sort.run(on: device, rows: number, scratch).order
            try take.launch(
                on: device, count: number * kept, .address(operands[0]), .address(order), .address(operands[1]),
                .address(operands[2]), .int(first), .int(length), .int(kept), .int(inner), .int(number * kept))
        }
    }
}

extension Sort: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try sortStep(
            step, along: dimension, kept: step.inputs[0].spec.shape.dimensions[dimension], isDescending: isDescending,
            on: device)
    }
}

extension TopK: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try sortStep(step, along: dimension, kept: k, isDescending: takesLargest, on: device)
    }
}
