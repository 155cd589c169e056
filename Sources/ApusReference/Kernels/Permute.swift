import ApusGraph

extension Permute: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let strides = inputs[0].shape.rowMajorStrides
        copyElements(
            sizes: outputs[0].sizes, from: inputs[0], StridedBox(offset: 0, strides: order.map { strides[$0] }),
            to: outputs[0], StridedBox(outputs[0].shape))
    }
}
