import ApusGraph
import ApusPlan

extension Flip: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        var strides = spec.shape.rowMajorStrides
        var start = 0
        // From the last element backwards.
        for dimension in dimensions {
            start += (spec.shape.dimensions[dimension] - 1) * strides[dimension]
            strides[dimension] *= -1
        }
        return try StridedCopy(
            spec.dtype, sizes: spec.shape.dimensions, strides: strides, start: start, .fromBox, operation: name
        ).step(on: device)
    }
}
