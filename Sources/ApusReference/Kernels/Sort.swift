import ApusGraph

/// For each row along a dimension the positions of its elements in order; NaN comes after all numbers.
private func orders(_ input: ArrayView, along dimension: Int, isDescending: Bool) -> [[Int]] {
    let rows = Rows(input.sizes, along: dimension)
    func sort<Number: Comparable>(_ x: [Number], isNaN: (Number) -> Bool) -> [[Int]] {
        /// Whether a stands before b; equal ones keep their order.
        func precedes(_ a: Number, _ b: Number) -> Bool { isNaN(b) ? !isNaN(a) : a < b }
        return rows.starts.map { start in
            (0..<rows.length).sorted { left, right in
                let (a, b) = (x[start + left * rows.step], x[start + right * rows.step])
                if isDescending ? precedes(b, a) : precedes(a, b) { return true }
                if isDescending ? precedes(a, b) : precedes(b, a) { return false }
                return left < right
            }
        }
    }
    return input.dtype.isFloatingPoint
        ? sort(input.reals()) { $0.isNaN } : sort(input.integers()) { _ in false }
}

/// Writes the first `kept` elements of each row and their positions.
private func store(_ orders: [[Int]], _ kept: Int, along dimension: Int, _ x: ArrayView, _ outputs: [MutableArrayView])
{
    let (rows, results) = (Rows(x.sizes, along: dimension), Rows(outputs[0].sizes, along: dimension))
    var sources = [Int](repeating: 0, count: outputs[0].count)
    var positions = [Int64](repeating: 0, count: outputs[0].count)
    for ((order, start), target) in zip(zip(orders, rows.starts), results.starts) {
        for (place, position) in order.prefix(kept).enumerated() {
            sources[target + place * results.step] = start + position * rows.step
            positions[target + place * results.step] = Int64(position)
        }
    }
    moveElements(sources.count, from: x, sources, to: outputs[0])
    outputs[1].store(positions)
}

extension Sort: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        guard inputs[0].count > 0 else { return }
        let orders = orders(inputs[0], along: dimension, isDescending: isDescending)
        store(orders, inputs[0].sizes[dimension], along: dimension, inputs[0], outputs)
    }
}

extension TopK: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        guard outputs[0].count > 0 else { return }
        let orders = orders(inputs[0], along: dimension, isDescending: takesLargest)
        store(orders, k, along: dimension, inputs[0], outputs)
    }
}
