import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements.
    fileprivate static let varianceFloor = KernelSource(
        name: "variance_floor",
        code: """
            extern "C" __global__ void variance_floor(
                const T* __restrict__ x, T* __restrict__ y, double epsilon, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const T value = x[i];
                    if (value < T(0)) apus_fault(fault, code, i, __double_as_longlong((double)value), 0);
                    // NaN stays NaN.
                    y[i] = (double)value < epsilon ? (T)epsilon : value;
                }
            }
            """)
}

extension VarianceFloor: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let kernel = CUDAKernel(.varianceFloor, "variance_floor", types: ["T": spec.dtype])
        let fault = device.faultCode { values in
            negative(Double(bitPattern: UInt64(bitPattern: Int64(values[1]))), at: values[0])
        }
        let (epsilon, count) = (epsilon, spec.shape.elementCount)
        return PreparedStep(kernel: "variance_floor") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .double(epsilon), .int(count),
                .fault(fault))
        }
    }
}
