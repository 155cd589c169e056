import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Softmax: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = x
        let rows = Rows(inputs[0].sizes, along: dimension)
        for start in rows.starts {
            let places = (0..<rows.length).map { start + $0 * rows.step }
            let largest = places.map { x[$0] }.max() ?? 0
            let sum = places.reduce(0) { $0 + exp(x[$1] - largest) }
            for place in places {
                y[place] = isLogarithm ? x[place] - largest - log(sum) : exp(x[place] - largest) / sum
            }
        }
        outputs[0].store(y)
    }
}

extension SoftmaxGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (y, dy) = (inputs[0].reals(), inputs[1].reals())
        var dx = dy
        let rows = Rows(inputs[0].sizes, along: softmax.dimension)
        for start in rows.starts {
            let places = (0..<rows.length).map { start + $0 * rows.step }
            if softmax.isLogarithm {
                let sum = places.reduce(0) { $0 + dy[$1] }
                for place in places { dx[place] = dy[place] - exp(y[place]) * sum }
            } else {
                let sum = places.reduce(0) { $0 + dy[$1] * y[$1] }
                for place in places { dx[place] = y[place] * (dy[place] - sum) }
            }
        }
        outputs[0].store(dx)
    }
}
