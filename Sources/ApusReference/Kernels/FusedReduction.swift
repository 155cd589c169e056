import ApusGraph
import ApusPlan

extension FusedReduction: ReferenceKernel {
    /// Step by step, so that fusing changes no bit.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let spec = try pointwise.infer(inputs.map(\.spec))[reduced]
        let storage = Storage(byteCount: spec.byteCount)
        let whole = MutableArrayView(storage.pointer, spec)
        var results = Array(outputs.dropLast())
        results.insert(whole, at: reduced)
        try pointwise.evaluate(inputs, results)
        try reduction.evaluate([whole.view], Array(outputs.suffix(1)))
    }
}
