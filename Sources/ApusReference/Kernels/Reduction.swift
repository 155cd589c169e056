import ApusGraph

extension Reduction: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let input = inputs[0]
        let strides = input.shape.rowMajorStrides
        /// Where the elements over some dimensions lie, from the first one.
        func offsets(_ over: [Int]) -> [Int] {
            let box = StridedBox(offset: 0, strides: over.map { strides[$0] })
            var result: [Int] = []
            forEachPosition(over.map { input.sizes[$0] }, box, box) { offset, _ in result.append(offset) }
            return result
        }
        let reduced = offsets(dimensions)
        let starts = offsets(input.sizes.indices.filter { !dimensions.contains($0) })
        if input.dtype.isFloatingPoint {
            let x = input.reals()
            outputs[0].store(starts.map { start in reduce(x, start, reduced) })
        } else {
            let x = input.integers()
            outputs[0].store(starts.map { start in reduce(x, start, reduced) })
        }
    }

    private func reduce(_ x: [Double], _ start: Int, _ offsets: [Int]) -> Double {
        switch kind {
        case .sum: return offsets.reduce(0) { $0 + x[start + $1] }
        case .mean: return offsets.reduce(0) { $0 + x[start + $1] } / Double(offsets.count)
        case .prod: return offsets.reduce(1) { $0 * x[start + $1] }
        // NaN wins.
        case .amax: return offsets.reduce(-.infinity) { x[start + $1] > $0 || x[start + $1].isNaN ? x[start + $1] : $0 }
        case .amin: return offsets.reduce(.infinity) { x[start + $1] < $0 || x[start + $1].isNaN ? x[start + $1] : $0 }
        case .any: return offsets.contains { x[start + $0] != 0 } ? 1 : 0
        case .all: return offsets.allSatisfy { x[start + $0] != 0 } ? 1 : 0
        }
    }

    private func reduce(_ x: [Int64], _ start: Int, _ offsets: [Int]) -> Int64 {
        switch kind {
        case .sum: return offsets.reduce(0) { $0 &+ x[start + $1] }
        case .prod: return offsets.reduce(1) { $0 &* x[start + $1] }
        case .amax: return offsets.reduce(.min) { max($0, x[start + $1]) }
        case .amin: return offsets.reduce(.max) { min($0, x[start + $1]) }
        case .any: return offsets.contains { x[start + $0] != 0 } ? 1 : 0
        case .all: return offsets.allSatisfy { x[start + $0] != 0 } ? 1 : 0
        case .mean: preconditionFailure("the shape rule admits the mean of real numbers only")
        }
    }
}
