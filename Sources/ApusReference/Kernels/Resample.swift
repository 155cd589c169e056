import ApusGraph

extension Resample: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let isSinglePrecision = inputs[0].dtype == .float32
        let taps = outputSizes.indices.map { dimension in
            self.taps(
                dimension, inputSize: inputs[0].sizes[dimension + 2], isSinglePrecision: isSinglePrecision)
        }
        outputs[0].store(resampled(inputs[0], taps))
    }
}

extension ResampleGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let isSinglePrecision = inputs[0].dtype == .float32
        let taps = resample.outputSizes.indices.map { dimension in
            let size = inputShape.dimensions[dimension + 2]
            return resample.taps(
                dimension, inputSize: size, isSinglePrecision: isSinglePrecision, isOfGradient: true
            ).transposed(size: size)
        }
        outputs[0].store(resampled(inputs[0], taps))
    }
}

/// The elements of [N, C, …] with each spatial dimension made of weighted elements of it, one dimension after the other.
private func resampled(_ input: ArrayView, _ taps: [ResamplingTaps]) -> [Double] {
    var x = input.reals()
    var sizes = input.sizes
    for (index, taps) in taps.enumerated() {
        let dimension = index + 2
        var newSizes = sizes
        newSizes[dimension] = taps.positions.count
        var y = [Double](repeating: 0, count: newSizes.reduce(1, *))
        let (from, to) = (Rows(sizes, along: dimension), Rows(newSizes, along: dimension))
        for (source, target) in zip(from.starts, to.starts) {
            for (position, taps) in taps.positions.enumerated() {
                var sum = 0.0
                for tap in taps { sum += tap.weight * x[source + tap.source * from.step] }
                y[target + position * to.step] = sum
            }
        }
        (x, sizes) = (y, newSizes)
    }
    return x
}
