import ApusGraph
import ApusPlan

extension FusedBatchNormalization: ReferenceKernel {
    /// Step by step in the result's memory, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        try norm.evaluate(addsInput ? inputs.dropLast() : inputs, outputs)
        if addsInput, let addend = inputs.last {
            try Pointwise(.add).evaluate([outputs[0].view, addend], [outputs[0]])
        }
        try Pointwise(.relu).evaluate([outputs[0].view], [outputs[0]])
    }
}

extension FusedBatchNormalizationGradient: ReferenceKernel {
    /// Step by step, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let storage = Storage(byteCount: inputs[0].spec.byteCount)
        let masked = MutableArrayView(storage.pointer, inputs[0].spec)
        try Pointwise(.reluGradient).evaluate([inputs[5], inputs[0]], [masked])
        try gradient.evaluate([masked.view] + inputs[1..<5], outputs)
    }
}
