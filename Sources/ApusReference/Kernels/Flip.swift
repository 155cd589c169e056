import ApusGraph

extension Flip: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        guard outputs[0].count > 0 else { return }
        var source = StridedBox(inputs[0].shape)
        // From the last element backwards.
        for dimension in dimensions {
            source.offset += (inputs[0].sizes[dimension] - 1) * source.strides[dimension]
            source.strides[dimension] *= -1
        }
        copyElements(
            sizes: inputs[0].sizes, from: inputs[0], source, to: outputs[0], StridedBox(outputs[0].shape))
    }
}
