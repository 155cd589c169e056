import ApusGraph

extension Gather: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let rows = IndexedRows(inputs[0].sizes, along: dimension)
        let places = try rows.places(inputs[1], dimension: dimension, operation: name)
        moveElements(places.count, from: inputs[0], places, to: outputs[0])
    }
}

extension Scatter: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let rows = IndexedRows(inputs[0].sizes, along: dimension)
        let places = try rows.places(inputs[1], dimension: dimension, operation: name)
        guard !adds else { return addElements(inputs[2], at: places, to: inputs[0], into: outputs[0]) }
        outputs[0].copyElements(of: inputs[0])
        moveElements(places.count, from: inputs[2], to: outputs[0], places)
    }
}
