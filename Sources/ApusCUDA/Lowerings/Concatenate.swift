import ApusGraph
import ApusPlan

extension Concatenate: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let target = step.outputs[0].spec
        let strides = target.shape.rowMajorStrides
        var pieces: [StridedCopy] = []
        var start = 0
        for input in step.inputs {
            let sizes = input.spec.shape.dimensions
            pieces.append(
                try StridedCopy(
                    target.dtype, sizes: sizes, strides: strides, start: start * strides[dimension], .toBox,
                    operation: name))
            start += sizes[dimension]
        }
        return PreparedStep(kernel: "strided copy") { [pieces] operands, _ in
            for (index, piece) in pieces.enumerated() {
                try piece.run(on: device, from: operands[index], to: operands[pieces.count])
            }
        }
    }
}
