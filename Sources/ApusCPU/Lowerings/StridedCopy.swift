import ApusGraph
import ApusPlan
import CKernels

/// A copy between a contiguous array and a strided one: what permuting, stretching, slicing and joining come down to.
private struct StridedCopy: Sendable {
    let elementSize: Int
    let shape: [Int64]
    let strides: [Int64]
    /// The first element, in bytes.
    let byteOffset: Int
    let count: Int

    /// nil beyond the kernel's number of dimensions.
    init?(_ dtype: DType, shape: [Int], strides: [Int], offset: Int = 0) {
        let (shape, strides) = Self.joined(shape, strides)
        guard shape.count <= Int(APUS_MAX_RANK) else { return nil }
        elementSize = dtype.byteCount
        self.shape = shape.map(Int64.init)
        self.strides = strides.map(Int64.init)
        byteOffset = offset * elementSize
        count = shape.reduce(1, *)
    }

    /// Neighbouring dimensions that are one in memory as one, so that runs are as long as they can be.
    private static func joined(_ shape: [Int], _ strides: [Int]) -> (shape: [Int], strides: [Int]) {
        var (sizes, steps): ([Int], [Int]) = ([], [])
        for (size, stride) in zip(shape, strides) where size != 1 {
            if let last = steps.last, last == stride * size {
                sizes[sizes.count - 1] *= size
                steps[steps.count - 1] = stride
            } else {
                sizes.append(size)
                steps.append(stride)
            }
        }
        return (sizes, steps)
    }

    func gather(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
            apus_strided_gather(
                Int32(elementSize), Int32(shape.count), shape, strides, source + byteOffset, target,
                Int64(range.lowerBound), Int64(range.upperBound))
        }
    }

    func scatter(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
            apus_strided_scatter(
                Int32(elementSize), Int32(shape.count), shape, strides, source, target + byteOffset,
                Int64(range.lowerBound), Int64(range.upperBound))
        }
    }

    var gatherStep: PreparedStep {
        PreparedStep(kernel: "strided copy") { operands, _ in gather(operands[0], operands[1]) }
    }
}

extension Permute: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let strides = step.inputs[0].spec.shape.rowMajorStrides
        let target = step.outputs[0].spec
        return StridedCopy(target.dtype, shape: target.shape.dimensions, strides: order.map { strides[$0] })?.gatherStep
    }
}

extension Expand: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let source = step.inputs[0].spec.shape
        let own = source.rowMajorStrides
        let lead = shape.rank - source.rank
        let strides = (0..<shape.rank).map { dimension in
            dimension < lead || source.dimensions[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
        return StridedCopy(step.inputs[0].spec.dtype, shape: shape.dimensions, strides: strides)?.gatherStep
    }
}

extension Flip: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let spec = step.inputs[0].spec
        var strides = spec.shape.rowMajorStrides
        var offset = 0
        guard spec.shape.elementCount > 0 else { return nil }
        for dimension in dimensions where spec.shape.rank > 0 {
            offset += (spec.shape[dimension] - 1) * strides[dimension]
            strides[dimension] = -strides[dimension]
        }
        return StridedCopy(spec.dtype, shape: spec.shape.dimensions, strides: strides, offset: offset)?.gatherStep
    }
}

extension Slice {
    /// The box as a strided array within a tensor.
    fileprivate func box(in spec: TensorSpec) -> StridedCopy? {
        let strides = spec.shape.rowMajorStrides
        let offset = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
        return StridedCopy(spec.dtype, shape: counts, strides: zip(strides, steps).map(*), offset: offset)
    }
}

extension Slice: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? { box(in: step.inputs[0].spec)?.gatherStep }
}

extension SliceAssign: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let box = slice.box(in: step.inputs[0].spec) else { return nil }
        let bytes = step.inputs[0].spec.byteCount
        return PreparedStep(kernel: "strided copy") { operands, _ in
            // In place where the plan gave the result the tensor's own memory.
            if operands[0] != operands[2] { operands[2].copyMemory(from: operands[0], byteCount: bytes) }
            box.scatter(operands[1], operands[2])
        }
    }
}

extension Concatenate: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let target = step.outputs[0].spec
        let strides = target.shape.rowMajorStrides
        var pieces: [StridedCopy] = []
        var start = 0
        for input in step.inputs {
            guard
                let piece = StridedCopy(
                    target.dtype, shape: input.spec.shape.dimensions, strides: strides,
                    offset: start * strides[dimension])
            else { return nil }
            pieces.append(piece)
            start += input.spec.shape[dimension]
        }
        return PreparedStep(kernel: "strided copy") { [pieces] operands, _ in
            for (index, piece) in pieces.enumerated() { piece.scatter(operands[index], operands[pieces.count]) }
        }
    }
}
