import ApusGraph
import ApusPlan
import CKernels

/// A view [outer, size, inner] whose middle dimension is indexed by [outer, count, inner] positions, or by [count].
private struct IndexedView: Sendable {
    let sizes: ApusIndexing
    let dimension: Int
    let positionShape: Shape
    let operation: String

    init(_ shape: Shape, count: Int, along dimension: Int, positions: Shape, operation: String) {
        sizes = ApusIndexing(
            outer: Int64(shape.dimensions[..<dimension].reduce(1, *)), size: Int64(shape.dimensions[dimension]),
            count: Int64(count), inner: Int64(shape.dimensions[(dimension + 1)...].reduce(1, *)))
        self.dimension = dimension
        self.operation = operation
        positionShape = positions
    }

    /// The rows that may be written to independently of each other.
    var rows: Int { Int(sizes.outer * sizes.inner) }

    /// Throws where a position is outside of the dimension; before anything is written.
    func check(_ positions: UnsafePointer<Int64>) throws(TensorError) {
        let count = positionShape.elementCount
        var found: Int32 = 0
        withUnsafeMutablePointer(to: &found) { found in
            Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
                apus_index_out_of_range(
                    positions, sizes.size, found, Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
        guard found != 0 else { return }
        let valid = 0..<sizes.size
        let wrong = (0..<count).first { !valid.contains(positions[$0]) } ?? 0
        throw TensorError.indexOutOfRange(
            operation: operation, positions[wrong], at: positionShape.coordinates(ofFlat: wrong), dimension: dimension,
            size: Int(sizes.size))
    }

    /// Work on rows, split such that threads write to different cache lines where rows are neighbours.
    func inParallelRows(_ body: (Int64, Int64) -> Void) {
        let perRow = max(1, Int(sizes.count))
        let grain = max(Parallel.smallWork / perRow, sizes.inner > 1 ? 16 : 1)
        Parallel.ranges(rows, grain: grain) { range, _ in body(Int64(range.lowerBound), Int64(range.upperBound)) }
    }
}

extension Shape {
    /// The coordinates of a position in row-major order.
    fileprivate func coordinates(ofFlat position: Int) -> [Int] {
        var rest = position
        var result = dimensions
        for dimension in dimensions.indices.reversed() {
            result[dimension] = rest % dimensions[dimension]
            rest /= dimensions[dimension]
        }
        return result
    }
}

extension UnsafeMutableRawPointer {
    fileprivate var positions: UnsafeMutablePointer<Int64> { assumingMemoryBound(to: Int64.self) }
}

/// Copies the first operand to the result, unless the plan gave both the same memory.
private func copyBase(_ base: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ byteCount: Int) {
    guard base != target else { return }
    Parallel.ranges(byteCount, grain: 4 * Parallel.smallWork) { range, _ in
        (target + range.lowerBound).copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }
}

extension Gather: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        let count = y.shape.elementCount
        guard count > 0 else { return nil }
        let view = IndexedView(
            x.shape, count: y.shape[dimension], along: dimension, positions: y.shape, operation: name)
        let elementSize = Int32(x.dtype.byteCount)
        return PreparedStep(kernel: "gather") { operands, _ in
            let positions = operands[1].positions
            try view.check(positions)
            Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
                withUnsafePointer(to: view.sizes) { sizes in
                    apus_gather_elements(
                        sizes, elementSize, operands[0], positions, operands[2], Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

extension Scatter: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, source) = (step.inputs[0].spec, step.inputs[2].spec)
        guard source.shape.elementCount > 0, !adds || x.dtype == .float32 else { return nil }
        let view = IndexedView(
            x.shape, count: source.shape[dimension], along: dimension, positions: source.shape, operation: name)
        let (elementSize, byteCount, adds) = (Int32(x.dtype.byteCount), x.byteCount, adds)
        return PreparedStep(kernel: "scatter") { operands, _ in
            let positions = operands[1].positions
            try view.check(positions)
            copyBase(operands[0], operands[3], byteCount)
            view.inParallelRows { begin, end in
                withUnsafePointer(to: view.sizes) { sizes in
                    if adds {
                        apus_scatter_add_elements(
                            sizes, operands[2].floats, positions, operands[3].floats, begin, end)
                    } else {
                        apus_scatter_elements(sizes, elementSize, operands[2], positions, operands[3], begin, end)
                    }
                }
            }
        }
    }
}

extension IndexSelect: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        guard y.shape.elementCount > 0 else { return nil }
        let count = y.shape[dimension]
        let view = IndexedView(x.shape, count: count, along: dimension, positions: [count], operation: name)
        let elementSize = Int32(x.dtype.byteCount)
        let slices = Int(view.sizes.outer) * count
        return PreparedStep(kernel: "select slices") { operands, _ in
            let positions = operands[1].positions
            try view.check(positions)
            let grain = max(1, Parallel.smallWork / Int(view.sizes.inner))
            Parallel.ranges(slices, grain: grain) { range, _ in
                withUnsafePointer(to: view.sizes) { sizes in
                    apus_select_slices(
                        sizes, elementSize, operands[0], positions, operands[2], Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

extension IndexAdd: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, source) = (step.inputs[0].spec, step.inputs[2].spec)
        guard source.shape.elementCount > 0, x.dtype == .float32 else { return nil }
        let count = source.shape[dimension]
        let view = IndexedView(x.shape, count: count, along: dimension, positions: [count], operation: name)
        let (byteCount, frozen) = (x.byteCount, Int64(frozenPosition ?? -1))
        return PreparedStep(kernel: "add slices") { operands, _ in
            let positions = operands[1].positions
            try view.check(positions)
            copyBase(operands[0], operands[3], byteCount)
            view.inParallelRows { begin, end in
                withUnsafePointer(to: view.sizes) { sizes in
                    apus_add_slices(
                        sizes, operands[2].floats, positions, frozen, operands[3].floats, begin, end)
                }
            }
        }
    }
}

extension Roll: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let spec = step.inputs[0].spec
        let count = spec.shape.elementCount
        guard count > 0 else { return nil }
        let view = IndexedView(spec.shape, count: 0, along: dimension, positions: [], operation: name)
        let (elementSize, shift) = (Int32(spec.dtype.byteCount), Int64(shift))
        return PreparedStep(kernel: "roll") { operands, _ in
            Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
                withUnsafePointer(to: view.sizes) { sizes in
                    apus_roll(
                        sizes, elementSize, shift, operands[0], operands[1], Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

extension OneHot: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (classes, count) = (classCount, step.inputs[0].spec.shape.elementCount)
        guard count > 0 else { return nil }
        let (byteCount, shape, primitive) = (step.outputs[0].spec.byteCount, step.inputs[0].spec.shape, self)
        return PreparedStep(kernel: "one hot") { operands, _ in
            let (picked, result) = (operands[0].positions, operands[1].positions)
            let range = 0..<Int64(classes)
            if let place = (0..<count).first(where: { !range.contains(picked[$0]) }) {
                throw primitive.refusal(picked[place], at: shape.coordinates(ofFlat: place))
            }
            operands[1].initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            for index in 0..<count { result[index * classes + Int(picked[index])] = 1 }
        }
    }
}
