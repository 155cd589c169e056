import ApusGraph
import ApusPlan

extension FusedAveragePoolGradient: ReferenceKernel {
    /// Step by step, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let spec = try gradient.infer([inputs[1].spec])[0]
        let storage = Storage(byteCount: spec.byteCount)
        let spread = MutableArrayView(storage.pointer, spec)
        try gradient.evaluate([inputs[1]], [spread])
        try Pointwise(activation.gradient).evaluate([inputs[0], spread.view], outputs)
    }
}
