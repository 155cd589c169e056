import ApusGraph
import ApusPlan

extension KernelSource {
    /// `E`: an unsigned type of the size of an element, whose zero is that of all types; `I`: that of positions.
    fileprivate static let triangle = KernelSource(
        name: "triangle",
        code: """
            extern "C" __global__ void triangle(
                const E* __restrict__ x, E* __restrict__ y, int64 rows, int64 columns, int64 diagonal, int64 upper,
                int64 count) {
                APUS_LOOP(i, count) {
                    const I line = (I)i / (I)columns;
                    const int64 column = i - (int64)line * columns;
                    const int64 distance = column - (int64)(line % (I)rows);
                    y[i] = (upper ? distance >= diagonal : distance <= diagonal) ? x[i] : (E)0;
                }
            }
            """)
}

extension Triangle: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let count = spec.shape.elementCount
        let (rows, columns) = (spec.shape[-2], spec.shape[-1])
        let (diagonal, isUpper) = (diagonal, isUpper)
        let kernel = CUDAKernel(
            .triangle, "triangle", macros: ["E": spec.dtype.bitsName, "I": ElementBits.indexName(count: count)])
        return PreparedStep(kernel: "triangle") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .int(rows), .int(columns),
                .int(diagonal), .int(isUpper ? 1 : 0), .int(count))
        }
    }
}
