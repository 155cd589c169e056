import ApusGraph
import ApusPlan

extension FusedConvolutionPool: ReferenceKernel {
    /// Step by step, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let spec = try convolution.infer(inputs.map(\.spec))[0]
        let storage = Storage(byteCount: spec.byteCount)
        let convolved = MutableArrayView(storage.pointer, spec)
        try convolution.evaluate(inputs, [convolved])
        try pool.evaluate([convolved.view], outputs)
        if let activation { try apply(activation, to: outputs[0]) }
    }
}
