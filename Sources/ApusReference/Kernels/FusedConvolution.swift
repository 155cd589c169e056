import ApusGraph
import ApusPlan

extension FusedConvolution: ReferenceKernel {
    /// Step by step, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        if addsInput, let addend = inputs.last {
            // The result may stand in the addend's memory.
            let storage = Storage(byteCount: outputs[0].spec.byteCount)
            let convolved = MutableArrayView(storage.pointer, outputs[0].spec)
            try convolution.evaluate(convolutionInputs(inputs), [convolved])
            try Pointwise(.add).evaluate([convolved.view, addend], outputs)
        } else {
            try convolution.evaluate(inputs, outputs)
        }
        if let activation { try apply(activation, to: outputs[0]) }
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
