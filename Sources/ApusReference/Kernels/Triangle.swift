import ApusGraph

extension Triangle: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (rows, columns) = (inputs[0].shape[-2], inputs[0].shape[-1])
        // Zero has the same bits in every type.
        outputs[0].pointer.initializeMemory(as: UInt8.self, repeating: 0, count: outputs[0].spec.byteCount)
        guard columns > 0 else { return }
        let kept = (0..<inputs[0].count / columns).flatMap { row in
            self.columns(ofRow: row % rows, count: columns).map { row * columns + $0 }
        }
        moveElements(kept.count, from: inputs[0], kept, to: outputs[0], kept)
    }
}
