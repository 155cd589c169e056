import ApusGraph
import ApusPlan

extension Expand: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let source = step.inputs[0].spec
        let own = source.shape.rowMajorStrides
        let lead = shape.rank - source.shape.rank
        // Repeating is walking in place.
        let strides = (0..<shape.rank).map { dimension in
            dimension < lead || source.shape.dimensions[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
        return try StridedCopy(source.dtype, sizes: shape.dimensions, strides: strides, .fromBox, operation: name)
            .step(on: device)
    }
}
