import ApusGraph

extension ArgReduction: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let input = inputs[0]
        // A scalar is its own extreme.
        guard input.shape.rank > 0 else { return outputs[0].store([Int64(0)]) }
        let rows = Rows(input.sizes, along: dimension)
        if input.dtype.isFloatingPoint {
            let x = input.reals()
            outputs[0].store(rows.starts.map { Int64(position(x, $0, rows) { $0.isNaN }) })
        } else {
            let x = input.integers()
            outputs[0].store(rows.starts.map { Int64(position(x, $0, rows) { _ in false }) })
        }
    }

    /// The first extreme of a row, or its first NaN.
    private func position<Number: Comparable>(
        _ x: [Number], _ start: Int, _ rows: Rows, isNaN: (Number) -> Bool
    ) -> Int {
        var best = 0
        for index in 0..<rows.length {
            let (value, extreme) = (x[start + index * rows.step], x[start + best * rows.step])
            if isNaN(value) { return index }
            if isMaximum ? value > extreme : value < extreme { best = index }
        }
        return best
    }
}
