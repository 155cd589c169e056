import ApusGraph

extension Expand: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let input = inputs[0]
        let lead = shape.rank - input.shape.rank
        let own = input.shape.rowMajorStrides
        // Repeating is walking in place.
        let strides = shape.dimensions.indices.map { dimension in
            dimension < lead || input.sizes[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
        copyElements(
            sizes: shape.dimensions, from: input, StridedBox(offset: 0, strides: strides), to: outputs[0],
            StridedBox(shape))
    }
}
