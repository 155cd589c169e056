import ApusGraph

extension NegativeLogLikelihood: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        let weight = isWeighted ? inputs[2].reals() : nil
        var losses = [Double](repeating: 0, count: outputs[0].count)
        var weights = losses
        try forEachClass(inputs[1], inputShape: inputs[0].shape) { sample, place, picked in
            weights[sample] = weight?[picked] ?? 1
            losses[sample] = -weights[sample] * x[place]
        }
        outputs[0].store(losses)
        outputs[1].store(weights)
    }

    /// Calls `body` with each sample's position among the classes, that of its element in the input, and its class.
    ///
    /// Samples of the ignored class are left out; a class outside of the input's is an error.
    fileprivate func forEachClass(
        _ classes: ArrayView, inputShape: Shape, _ body: (_ sample: Int, _ place: Int, _ picked: Int) -> Void
    ) throws(TensorError) {
        let count = inputShape.dimensions[1]
        let plane = inputShape.dimensions.dropFirst(2).reduce(1, *)
        let ignored = ignoreIndex.map { Int64($0) }
        for (sample, picked) in classes.integers().enumerated() where picked != ignored {
            guard picked >= 0, picked < Int64(count) else {
                throw outOfRange(picked, at: sample, in: classes.shape, classes: count)
            }
            let place = (sample / plane * count + Int(picked)) * plane + sample % plane
            body(sample, place, Int(picked))
        }
    }
}

extension NegativeLogLikelihoodGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let dy = inputs[0].reals()
        let weight = loss.isWeighted ? inputs[2].reals() : nil
        var dx = [Double](repeating: 0, count: outputs[0].count)
        try loss.forEachClass(inputs[1], inputShape: inputShape) { sample, place, picked in
            dx[place] = -(weight?[picked] ?? 1) * dy[sample]
        }
        outputs[0].store(dx)
    }
}
