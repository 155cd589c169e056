import ApusGraph

/// The flat positions of the slices that `positions` names along a dimension, slice elements in the order of
/// [outer, K, inner]; nil for those of `frozen`.
private func slicePlaces(
    _ positions: ArrayView, in shape: Shape, dimension: Int, frozen: Int? = nil, operation: String
) throws(TensorError) -> [Int?] {
    let rows = IndexedRows(shape.dimensions, along: dimension)
    let chosen = positions.integers()
    for (place, position) in chosen.enumerated() where position < 0 || position >= Int64(rows.size) {
        throw TensorError.indexOutOfRange(
            operation: operation, position, at: [place], dimension: dimension, size: rows.size)
    }
    var places: [Int?] = []
    for o in 0..<rows.outer {
        for position in chosen {
            for i in 0..<rows.inner {
                places.append(Int(position) == frozen ? nil : rows.place(o, Int(position), i))
            }
        }
    }
    return places
}

extension IndexSelect: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let places = try slicePlaces(inputs[1], in: inputs[0].shape, dimension: dimension, operation: name)
        moveElements(places.count, from: inputs[0], places.compactMap { $0 }, to: outputs[0])
    }
}

extension IndexAdd: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let places = try slicePlaces(
            inputs[1], in: inputs[0].shape, dimension: dimension, frozen: frozenPosition, operation: name)
        addElements(inputs[2], at: places, to: inputs[0], into: outputs[0])
    }
}
