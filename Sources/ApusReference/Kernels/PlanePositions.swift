import ApusGraph

extension PlaneGather: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = [Double](repeating: 0, count: outputs[0].count)
        try forEachPosition(name, of: inputs[1], planes: inputs[0].shape, allowsNone: true) { narrow, wide in
            y[narrow] = x[wide]
        }
        outputs[0].store(y)
    }
}

extension PlaneScatterAdd: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = [Double](repeating: 0, count: outputs[0].count)
        try forEachPosition(name, of: inputs[1], planes: shape, allowsNone: true) { narrow, wide in
            y[wide] += x[narrow]
        }
        outputs[0].store(y)
    }
}

extension MaxUnpool: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = [Double](repeating: 0, count: outputs[0].count)
        try forEachPosition(name, of: inputs[1], planes: outputs[0].view.shape, allowsNone: false) { narrow, wide in
            y[wide] = x[narrow]
        }
        outputs[0].store(y)
    }
}

/// Calls `body` for each flat position within a plane, with its own place and that which it points to.
///
/// - Parameters:
///   - planes: the shape of what the positions point into.
///   - allowsNone: whether −1 points nowhere on purpose.
func forEachPosition(
    _ operation: String, of positions: ArrayView, planes: Shape, allowsNone: Bool,
    _ body: (_ narrow: Int, _ wide: Int) -> Void
) throws(TensorError) {
    let wide = planes.dimensions.dropFirst(2).reduce(1, *)
    let narrow = positions.sizes.dropFirst(2).reduce(1, *)
    for (place, position) in positions.integers().enumerated() {
        if allowsNone, position == -1 { continue }
        guard position >= 0, position < Int64(wide) else {
            throw .positionOutOfRange(operation, position, planes: planes)
        }
        body(place, place / narrow * wide + Int(position))
    }
}
