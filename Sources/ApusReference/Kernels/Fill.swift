import ApusGraph

extension Fill: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        if let integer { return outputs[0].store([Int64](repeating: integer, count: outputs[0].count)) }
        outputs[0].store([Double](repeating: value, count: outputs[0].count))
    }
}

extension Arange: ReferenceKernel {
    /// start + i · step by one rounding each, not by adding up.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        outputs[0].store((0..<outputs[0].count).map { start + Double($0) * step })
    }
}
