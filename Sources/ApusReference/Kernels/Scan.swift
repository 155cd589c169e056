import ApusGraph

extension Scan: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        guard inputs[0].count > 0 else { return }
        let rows = Rows(inputs[0].sizes, along: dimension)
        let order = isReversed ? Array((0..<rows.length).reversed()) : Array(0..<rows.length)
        func run<Number>(_ x: [Number], _ first: Number, _ next: (Number, Number) -> Number) -> [Number] {
            var y = x
            for start in rows.starts {
                var value = first
                for position in order {
                    let place = start + position * rows.step
                    value = next(value, x[place])
                    y[place] = value
                }
            }
            return y
        }
        if outputs[0].dtype.isFloatingPoint {
            let x = inputs[0].reals()
            outputs[0].store(kind == .sum ? run(x, 0, +) : run(x, 1, *))
        } else {
            let x = inputs[0].integers()
            outputs[0].store(kind == .sum ? run(x, 0, &+) : run(x, 1, &*))
        }
    }
}
