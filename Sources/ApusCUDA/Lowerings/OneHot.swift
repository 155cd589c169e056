import ApusGraph
import ApusPlan

extension KernelSource {
    fileprivate static let oneHot = KernelSource(
        name: "one hot",
        code: """
            extern "C" __global__ void one_hot(
                const int64* __restrict__ picked, int64* __restrict__ y, int64 classes, int64 count, Fault* fault,
                int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = i / classes, index = i - place * classes;
                    const int64 own = picked[place];
                    if (index == 0 && (own < 0 || own >= classes)) apus_fault(fault, code, own, place, 0);
                    y[i] = own == index;
                }
            }
            """)
}

extension OneHot: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (shape, count, primitive) = (step.inputs[0].spec.shape, step.outputs[0].spec.shape.elementCount, self)
        let kernel = CUDAKernel(.oneHot, "one_hot")
        let fault = device.faultCode { values in
            primitive.refusal(Int64(values[0]), at: shape.coordinates(ofFlat: values[1]))
        }
        return PreparedStep(kernel: "one hot") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .int(primitive.classCount),
                .int(count), .fault(fault))
        }
    }
}
