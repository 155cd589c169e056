import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `V`: that in which they are compared; `IS_MAXIMUM`: 1 or 0.
    fileprivate static let argReduction = KernelSource(name: "arg_reduction", code: RowGroups.code + argReductionCode)
}

private let argReductionCode = """
    __device__ inline bool is_nan(float x) { return isnan(x); }
    __device__ inline bool is_nan(double x) { return isnan(x); }
    __device__ inline bool is_nan(int64 x) { return false; }

    // An element and its position; -1 where there is none.
    struct Best {
        V value;
        int64 position;
    };

    // The first NaN, else the first of the largest or smallest.
    __device__ inline Best better(Best a, Best b) {
        if (b.position < 0) return a;
        if (a.position < 0) return b;
        const bool isFirst = a.position < b.position;
        if (is_nan(a.value)) return is_nan(b.value) && !isFirst ? b : a;
        if (is_nan(b.value)) return b;
        if (a.value == b.value) return isFirst ? a : b;
        return (a.value > b.value) == IS_MAXIMUM ? a : b;
    }

    __device__ inline Best better_of_warp(Best best, int lanes) {
        for (int distance = lanes / 2; distance > 0; distance /= 2) {
            Best other;
            other.value = __shfl_xor_sync(0xffffffffu, best.value, distance);
            other.position = __shfl_xor_sync(0xffffffffu, best.position, distance);
            best = better(best, other);
        }
        return best;
    }

    __device__ inline Best better_of_row(const RowGroup& group, Best best) {
        if (group.lanes <= 32) return better_of_warp(best, group.lanes);
        __shared__ V values[32];
        __shared__ int64 positions[32];
        const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
        best = better_of_warp(best, 32);
        if (lane == 0) {
            values[warp] = best.value;
            positions[warp] = best.position;
        }
        __syncthreads();
        const bool isUsed = lane < blockDim.x / 32;
        Best other;
        other.value = isUsed ? values[lane] : (V)0;
        other.position = isUsed ? positions[lane] : -1;
        return better_of_warp(other, 32);
    }

    // Rows of `length` elements, `step` apart; blockIdx.y numbers their parts of `part` elements.
    extern "C" __global__ void arg_rows(
        const T* __restrict__ x, int64* __restrict__ y, int64 rows, int64 length, int64 step, int64 part, int64 lanes) {
        const RowGroup group = row_group(rows, lanes);
        const T* row = x + group.row / step * step * length + group.row % step;
        const int64 begin = blockIdx.y * part, end = begin + part < length ? begin + part : length;
        Best best = {(V)0, -1};
        for (int64 r = begin + group.lane; r < end; r += lanes) best = better(best, Best{(V)row[r * step], r});
        best = better_of_row(group, best);
        if (group.isValid && group.lane == 0) y[group.row * gridDim.y + blockIdx.y] = best.position;
    }

    // The best of what each row's parts have found.
    extern "C" __global__ void arg_partials(
        const T* __restrict__ x, const int64* __restrict__ found, int64* __restrict__ y, int64 rows, int64 length,
        int64 step, int64 parts, int64 lanes) {
        const RowGroup group = row_group(rows, lanes);
        const T* row = x + group.row / step * step * length + group.row % step;
        Best best = {(V)0, -1};
        for (int64 r = group.lane; r < parts; r += lanes) {
            const int64 position = found[group.row * parts + r];
            best = better(best, Best{(V)row[position * step], position});
        }
        best = better_of_row(group, best);
        if (group.isValid && group.lane == 0) y[group.row] = best.position;
    }

    """

extension ArgReduction: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let input = step.inputs[0].spec
        let sizes = input.shape.dimensions
        let rows = step.outputs[0].spec.shape.elementCount
        // A scalar is a row of one element.
        let length = sizes.isEmpty ? 1 : sizes[dimension]
        let distance = sizes.isEmpty ? 1 : sizes[(dimension + 1)...].reduce(1, *)
        let groups = RowGroups(rows: rows, length: length, isContiguous: distance == 1)
        // Few long rows are split among blocks.
        let wanted = groups.lanes > 32 ? max(1, min(1_024 / max(rows, 1), length / 4_096)) : 1
        let part = (length + wanted - 1) / wanted
        let parts = (length + part - 1) / part
        let macros = [
            "T": input.dtype.cudaName, "V": (input.dtype.isFloatingPoint ? input.dtype : .int64).cudaName,
            "IS_MAXIMUM": isMaximum ? "1" : "0",
        ]
        let kernel = CUDAKernel(.argReduction, "arg_rows", macros: macros)
        let last = RowGroups(rows: rows, length: parts, isContiguous: true)
        let finish = CUDAKernel(.argReduction, "arg_partials", macros: macros)
        return PreparedStep(kernel: "arg_rows", scratchBytes: parts > 1 ? 8 * rows * parts : 0) { operands, scratch in
            guard rows > 0 else { return }
            try kernel.launch(
                on: device, grid: (groups.blocks, parts, 1), block: (groups.threads, 1, 1), sharedBytes: 0,
                [
                    .address(operands[0]), .address(parts > 1 ? scratch : operands[1]), .int(rows), .int(length),
                    .int(distance), .int(part), .int(groups.lanes),
                ])
            guard parts > 1 else { return }
            try finish.launch(
                on: device, blocks: last.blocks, threads: last.threads, .address(operands[0]), .address(scratch),
                .address(operands[1]), .int(rows), .int(length), .int(distance), .int(parts), .int(last.lanes))
        }
    }
}
