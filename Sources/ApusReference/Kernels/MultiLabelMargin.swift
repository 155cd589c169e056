import ApusGraph

extension MultiLabelMargin: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let classes = inputs[0].sizes[1]
        var losses = [Double](repeating: 0, count: inputs[0].sizes[0])
        try forEachTerm(inputs[0], inputs[1]) { row, _, _, term in losses[row] += term / Double(classes) }
        outputs[0].store(losses)
    }

    /// Calls `body` with the row, label and other class of each term that is not 0, and the term.
    fileprivate func forEachTerm(
        _ scores: ArrayView, _ targets: ArrayView, _ body: (_ row: Int, _ label: Int, _ other: Int, Double) -> Void
    ) throws(TensorError) {
        let (x, y, classes) = (scores.reals(), targets.integers(), scores.sizes[1])
        for row in 0..<scores.sizes[0] {
            let places = row * classes..<(row + 1) * classes
            if let wrong = y[places].first(where: { $0 < -1 || $0 >= classes }) {
                throw outOfRange(wrong, row: row, classes: classes)
            }
            let labels = y[places].prefix { $0 >= 0 }.map { Int($0) }
            for label in labels {
                for other in 0..<classes where !labels.contains(other) {
                    let term = 1 - x[places.lowerBound + label] + x[places.lowerBound + other]
                    if term > 0 { body(row, label, other, term) }
                }
            }
        }
    }
}

extension MultiLabelMarginGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (dy, classes) = (inputs[0].reals(), inputs[1].sizes[1])
        var dx = [Double](repeating: 0, count: inputs[1].count)
        try MultiLabelMargin().forEachTerm(inputs[1], inputs[2]) { row, label, other, _ in
            dx[row * classes + label] -= dy[row] / Double(classes)
            dx[row * classes + other] += dy[row] / Double(classes)
        }
        outputs[0].store(dx)
    }
}
