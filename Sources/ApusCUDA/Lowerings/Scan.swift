import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `A`: that of the running value; `Y`: that of the results; `IS_SUM`: 1 or 0.
    fileprivate static let scan = KernelSource(
        name: "scan",
        code: """
            __device__ inline A next(A a, A b) {
            #if IS_SUM
                return a + b;
            #else
                return a * b;
            #endif
            }

            // A thread for each row; those of neighbouring rows read neighbouring elements.
            extern "C" __global__ void scan_columns(
                const T* __restrict__ x, Y* __restrict__ y, int64 rows, int64 length, int64 step, int64 isReversed) {
                APUS_LOOP(row, rows) {
                    const int64 start = row / step * step * length + row % step;
                    A value = (A)(1 - IS_SUM);
                    for (int64 r = 0; r < length; r++) {
                        const int64 place = start + (isReversed ? length - 1 - r : r) * step;
                        value = next(value, (A)x[place]);
                        y[place] = (Y)value;
                    }
                }
            }

            // A block for each row, which goes over it in steps of its threads.
            extern "C" __global__ void scan_rows(
                const T* __restrict__ x, Y* __restrict__ y, int64 length, int64 step, int64 isReversed) {
                __shared__ A totals[32];
                const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
                const int64 row = blockIdx.x;
                const int64 start = row / step * step * length + row % step;
                A before = (A)(1 - IS_SUM);
                for (int64 first = 0; first < length; first += blockDim.x) {
                    const int64 r = first + threadIdx.x;
                    const int64 place = start + (isReversed ? length - 1 - r : r) * step;
                    A value = r < length ? (A)x[place] : (A)(1 - IS_SUM);
                    for (int distance = 1; distance < 32; distance *= 2) {
                        const A other = __shfl_up_sync(0xffffffffu, value, distance);
                        if (lane >= distance) value = next(other, value);
                    }
                    __syncthreads();
                    if (lane == 31) totals[warp] = value;
                    __syncthreads();
                    A sum = before;
                    for (int w = 0; w < (int)(blockDim.x / 32); w++) {
                        if (w == warp) value = next(sum, value);
                        sum = next(sum, totals[w]);
                    }
                    before = sum;
                    if (r < length) y[place] = (Y)value;
                }
            }
            """)
}

extension Scan: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = input.shape.dimensions
        let (length, distance) = (sizes[dimension], sizes[(dimension + 1)...].reduce(1, *))
        let rows = input.shape.elementCount / max(length, 1)
        // The running value of floats is kept in double precision, as PyTorch does: errors would add up.
        let running: DType = input.dtype.isFloatingPoint ? .float64 : .int64
        let macros = [
            "T": input.dtype.cudaName, "A": running.cudaName,
            "Y": output.dtype.cudaName, "IS_SUM": kind == .sum ? "1" : "0",
        ]
        let reversed = isReversed ? 1 : 0
        if length <= 16 || distance > 1 && rows >= 1_024 {
            let kernel = CUDAKernel(.scan, "scan_columns", macros: macros)
            return PreparedStep(kernel: "scan_columns") { operands, _ in
                guard length > 0 else { return }
                try kernel.launch(
                    on: device, count: rows, .address(operands[0]), .address(operands[1]), .int(rows), .int(length),
                    .int(distance), .int(reversed))
            }
        }
        let kernel = CUDAKernel(.scan, "scan_rows", macros: macros)
        let threads = length <= 128 ? 32 : length <= 2_048 ? 256 : 1_024
        return PreparedStep(kernel: "scan_rows") { operands, _ in
            try kernel.launch(
                on: device, blocks: rows, threads: threads, .address(operands[0]), .address(operands[1]), .int(length),
                .int(distance), .int(reversed))
        }
    }
}
