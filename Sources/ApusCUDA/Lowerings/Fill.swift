import ApusGraph
import ApusPlan

extension KernelSource {
    /// `E`: an unsigned type of the size of an element.
    fileprivate static let fill = KernelSource(
        name: "fill",
        code: """
            extern "C" __global__ void fill(E* y, int64 bits, int64 count) {
                APUS_LOOP(i, count) y[i] = (E)bits;
            }
            """)

    /// `T`: the type of the elements.
    fileprivate static let arange = KernelSource(
        name: "arange",
        code: """
            // As processors cut numbers: the least integer stands for NaN and for what does not fit.
            __device__ inline int64 cut(double value) {
                return value >= -9223372036854775808.0 && value < 9223372036854775808.0
                    ? (int64)value : (int64)0x8000000000000000ull;
            }

            __device__ inline void store(float* y, double value) { *y = (float)value; }
            __device__ inline void store(double* y, double value) { *y = value; }
            __device__ inline void store(int64* y, double value) { *y = cut(value); }
            __device__ inline void store(uint8* y, double value) { *y = (uint8)cut(value); }
            __device__ inline void store(bool* y, double value) { *y = value != 0.0; }

            // One rounding each, not by adding up.
            extern "C" __global__ void arange(T* y, double start, double step, int64 count) {
                APUS_LOOP(i, count) store(y + i, start + (double)i * step);
            }
            """)
}

extension Fill: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (count, bytes) = (shape.elementCount, step.outputs[0].spec.byteCount)
        // Beyond 2⁵³ double precision does not hold every integer.
        let bits = integer.map { dtype.bits(of: $0) } ?? dtype.bits(of: value)
        guard bits != 0 else {
            return PreparedStep(kernel: "clear") { operands, _ in
                try device.context().clear(operands[0], byteCount: bytes)
            }
        }
        let kernel = CUDAKernel(.fill, "fill", macros: ["E": dtype.bitsName])
        return PreparedStep(kernel: "fill") { operands, _ in
            try kernel.launch(on: device, count: count, .address(operands[0]), .int(bits), .int(count))
        }
    }
}

extension Arange: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let output = step.outputs[0].spec
        let kernel = CUDAKernel(.arange, "arange", types: ["T": output.dtype])
        let (start, increment, count) = (start, self.step, output.shape.elementCount)
        return PreparedStep(kernel: "arange") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .double(start), .double(increment), .int(count))
        }
    }
}
