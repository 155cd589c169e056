import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements.
    fileprivate static let binaryCrossEntropy = KernelSource(
        name: "binary_cross_entropy",
        code: """
            __device__ inline float log_of(float x) { return fmaxf(logf(x), -100.0f); }
            __device__ inline double log_of(double x) { return fmax(log(x), -100.0); }
            __device__ inline float log_of_rest(float x) { return fmaxf(log1pf(-x), -100.0f); }
            __device__ inline double log_of_rest(double x) { return fmax(log1p(-x), -100.0); }

            __device__ inline bool check(T value, int64 place, int64 isTarget, Fault* fault, int64 code) {
                const bool isProbability = value >= T(0) && value <= T(1);
                if (!isProbability) apus_fault(fault, code, place, isTarget, __double_as_longlong((double)value));
                return isProbability;
            }

            extern "C" __global__ void binary_cross_entropy(
                const T* __restrict__ x, const T* __restrict__ y, T* __restrict__ losses, int64 count, Fault* fault,
                int64 code) {
                APUS_LOOP(i, count) {
                    const T probability = x[i], truth = y[i];
                    T loss = T(0);
                    if (check(probability, i, 0, fault, code) && check(truth, i, 1, fault, code))
                        loss = (truth - T(1)) * log_of_rest(probability) - truth * log_of(probability);
                    losses[i] = loss;
                }
            }
            """)
}

extension BinaryCrossEntropy: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let kernel = CUDAKernel(.binaryCrossEntropy, "binary_cross_entropy", types: ["T": spec.dtype])
        let fault = device.faultCode { values in
            outOfRange(
                Double(bitPattern: UInt64(bitPattern: Int64(values[2]))), at: values[0], isTarget: values[1] == 1)
        }
        let count = spec.shape.elementCount
        return PreparedStep(kernel: "binary_cross_entropy") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .int(count), .fault(fault))
        }
    }
}
