import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements.
    fileprivate static let fill = KernelSource(
        name: "fill",
        code: """
            extern "C" __global__ void fill(T* y, double value, int64 count) {
                APUS_LOOP(i, count) y[i] = (T)value;
            }

            // Beyond 2^53 double precision does not hold every integer.
            extern "C" __global__ void fill_integer(T* y, int64 value, int64 count) {
                APUS_LOOP(i, count) y[i] = (T)value;
            }

            extern "C" __global__ void arange(T* y, double start, double step, int64 count) {
                APUS_LOOP(i, count) y[i] = (T)(start + (double)i * step);
            }
            """)
}

extension Fill: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let count = shape.elementCount
        if let integer {
            let kernel = CUDAKernel(.fill, "fill_integer", types: ["T": dtype])
            return PreparedStep(kernel: "fill") { operands, _ in
                try kernel.launch(on: device, count: count, .address(operands[0]), .int(Int(integer)), .int(count))
            }
        }
        let kernel = CUDAKernel(.fill, "fill", types: ["T": dtype])
        let value = value
        return PreparedStep(kernel: "fill") { operands, _ in
            try kernel.launch(on: device, count: count, .address(operands[0]), .double(value), .int(count))
        }
    }
}

extension Arange: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let kernel = CUDAKernel(.fill, "arange", types: ["T": dtype])
        let (start, increment, count) = (start, self.step, step.outputs[0].spec.shape.elementCount)
        return PreparedStep(kernel: "arange") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .double(start), .double(increment), .int(count))
        }
    }
}
