import ApusGraph
import ApusPlan

extension Slice {
    /// A copy from or to the box within a tensor.
    fileprivate func copy(
        _ spec: TensorSpec, _ direction: StridedCopy.Direction, operation: String
    ) throws -> StridedCopy {
        let strides = spec.shape.rowMajorStrides
        return try StridedCopy(
            spec.dtype, sizes: counts, strides: zip(strides, steps).map(*),
            start: zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, direction, operation: operation)
    }
}

extension Slice: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try copy(step.inputs[0].spec, .fromBox, operation: name).step(on: device)
    }
}

extension SliceAssign: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let box = try slice.copy(step.inputs[0].spec, .toBox, operation: name)
        let bytes = step.inputs[0].spec.byteCount
        return PreparedStep(kernel: "strided copy") { operands, _ in
            // In place where the plan gave the result the tensor's own memory.
            if operands[0] != operands[2] {
                try device.context().copy(operands[2], from: operands[0], byteCount: bytes)
            }
            try box.run(on: device, from: operands[1], to: operands[2])
        }
    }
}
