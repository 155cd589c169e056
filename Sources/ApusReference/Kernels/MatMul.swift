import ApusGraph

extension MatMul: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        switch outputs[0].dtype {
        case .float32, .float64:
            outputs[0].store(
                product(inputs, inputs[0].factors(precision), inputs[1].factors(precision), 0) { $0 + $1 * $2 })
        case .int64, .uint8:
            outputs[0].store(product(inputs, inputs[0].integers(), inputs[1].integers(), 0) { $0 &+ $1 &* $2 })
        case .bool: throw TensorError(name, "the product is not defined for bool. Cast to .int64 or .float32 first.")
        }
    }

    /// Σₖ a[m, k] · b[k, n], row by row of the result.
    private func product<Number>(
        _ inputs: [ArrayView], _ a: [Number], _ b: [Number], _ zero: Number,
        multiplyAdd: (Number, Number, Number) -> Number
    ) -> [Number] {
        let (batch, m, k, n) = sizes(inputs[0].shape, inputs[1].shape)
        let (aRow, aColumn) = transposesLeft ? (1, m) : (k, 1)
        let (bRow, bColumn) = transposesRight ? (1, k) : (n, 1)
        var result = [Number](repeating: zero, count: batch * m * n)
        result.withUnsafeMutableBufferPointer { result in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    for matrix in 0..<batch {
                        for row in 0..<m {
                            let start = (matrix * m + row) * n
                            for inner in 0..<k {
                                let left = a[matrix * m * k + row * aRow + inner * aColumn]
                                let right = matrix * k * n + inner * bRow
                                for column in 0..<n {
                                    result[start + column] = multiplyAdd(
                                        result[start + column], left, b[right + column * bColumn])
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }
}
