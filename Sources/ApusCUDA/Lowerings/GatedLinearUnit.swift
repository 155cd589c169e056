import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements. `half` neighbours of the values a are followed by as many gates b.
    fileprivate static let gatedLinearUnit = KernelSource(
        name: "gated_linear_unit",
        code: """
            __device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
            __device__ inline double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

            extern "C" __global__ void gated_linear_unit(
                const T* __restrict__ x, T* __restrict__ y, int64 half, int64 count) {
                APUS_LOOP(i, count) {
                    const int64 place = i + i / half * half;
                    y[i] = x[place] * sigmoid(x[place + half]);
                }
            }

            extern "C" __global__ void gated_linear_unit_gradient(
                const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx, int64 half, int64 count) {
                APUS_LOOP(i, count) {
                    const int64 place = i + i / half * half;
                    const T value = x[place], gate = x[place + half], gradient = dy[i];
                    const T opening = sigmoid(gate);
                    dx[place] = gradient * opening;
                    dx[place + half] = gradient * value * opening * sigmoid(-gate);
                }
            }
            """)
}

extension GatedLinearUnit: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.outputs[0].spec
        let kernel = CUDAKernel(.gatedLinearUnit, "gated_linear_unit", types: ["T": spec.dtype])
        let half = spec.shape.dimensions[dimension...].reduce(1, *)
        let count = spec.shape.elementCount
        return PreparedStep(kernel: "gated_linear_unit") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .int(half), .int(count))
        }
    }
}

extension GatedLinearUnitGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[1].spec
        let kernel = CUDAKernel(.gatedLinearUnit, "gated_linear_unit_gradient", types: ["T": spec.dtype])
        let half = spec.shape.dimensions[unit.dimension...].reduce(1, *)
        let count = spec.shape.elementCount
        return PreparedStep(kernel: "gated_linear_unit_gradient") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .int(half), .int(count))
        }
    }
}
