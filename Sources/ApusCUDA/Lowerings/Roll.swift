import ApusGraph
import ApusPlan

extension KernelSource {
    /// `E`: an unsigned type of the size of an element; `I`: the unsigned type of positions.
    fileprivate static let roll = KernelSource(
        name: "roll",
        code: """
            // Runs of `length` elements, each moved up by `shift` of them, and around its end.
            extern "C" __global__ void roll(
                const E* __restrict__ x, E* __restrict__ y, int64 length, int64 shift, int64 count) {
                APUS_LOOP(i, count) {
                    const int64 place = (int64)((I)i % (I)length);
                    y[i] = x[place >= shift ? i - shift : i - shift + length];
                }
            }
            """)
}

extension Roll: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let count = spec.shape.elementCount
        let inner = spec.shape.dimensions[(dimension + 1)...].reduce(1, *)
        let (length, places) = (spec.shape.dimensions[dimension] * inner, shift * inner)
        let kernel = CUDAKernel(
            .roll, "roll", macros: ["E": spec.dtype.bitsName, "I": ElementBits.indexName(count: count)])
        return PreparedStep(kernel: "roll") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .int(length), .int(places),
                .int(count))
        }
    }
}
