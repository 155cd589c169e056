import ApusGraph

extension Roll: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        guard inputs[0].count > 0 else { return }
        let rows = IndexedRows(inputs[0].sizes, along: dimension)
        let places = (0..<inputs[0].count).map { flat in
            let position = flat / rows.inner % rows.size
            return rows.place(flat / (rows.size * rows.inner), (position + shift) % rows.size, flat % rows.inner)
        }
        moveElements(places.count, from: inputs[0], to: outputs[0], places)
    }
}
