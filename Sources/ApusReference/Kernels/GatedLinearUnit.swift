import ApusGraph

extension GatedLinearUnit: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        let half = outputs[0].sizes[dimension...].reduce(1, *)
        outputs[0].store(
            (0..<outputs[0].count).map { index in
                let place = index / half * 2 * half + index % half
                return x[place] * ActivationFunctions.sigmoid(x[place + half])
            })
    }
}

extension GatedLinearUnitGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (x, dy) = (inputs[0].reals(), inputs[1].reals())
        let half = inputs[1].sizes[unit.dimension...].reduce(1, *)
        var dx = x
        for index in dy.indices {
            let place = index / half * 2 * half + index % half
            let (value, gate) = (x[place], x[place + half])
            let sigmoid = ActivationFunctions.sigmoid(gate)
            dx[place] = dy[index] * sigmoid
            dx[place + half] = dy[index] * value * sigmoid * ActivationFunctions.sigmoid(-gate)
        }
        outputs[0].store(dx)
    }
}
