import ApusGraph

extension Slice: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        copyElements(
            sizes: counts, from: inputs[0], box(in: inputs[0].shape), to: outputs[0], StridedBox(outputs[0].shape))
    }

    /// Where the elements of the slice lie in an array of a shape.
    fileprivate func box(in shape: Shape) -> StridedBox {
        let strides = shape.rowMajorStrides
        return StridedBox(
            offset: zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 },
            strides: zip(steps, strides).map { $0 * $1 })
    }
}

extension SliceAssign: ReferenceKernel {
    /// Only the box is written where the result lies in the memory of the first input.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        outputs[0].copyElements(of: inputs[0])
        copyElements(
            sizes: slice.counts, from: inputs[1], StridedBox(inputs[1].shape), to: outputs[0],
            slice.box(in: outputs[0].shape))
    }
}
