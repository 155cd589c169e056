import ApusGraph
import ApusPlan

extension FusedConvolution: ReferenceKernel {
    /// Step by step in the result's memory, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        try convolution.evaluate(inputs, outputs)
        try apply(activation, to: outputs[0])
    }
}

extension FusedMatMul: ReferenceKernel {
    /// Step by step in the result's memory, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        try matmul.evaluate(Array(inputs.prefix(2)), outputs)
        if hasBias { try Pointwise(.add).evaluate([outputs[0].view, inputs[2]], outputs) }
        if let activation { try apply(activation, to: outputs[0]) }
    }
}
