import ApusGraph

/// The elements of each channel of [N, C, …]: for every sample a row of one plane.
private struct Channels {
    let channels: Int
    let plane: Int
    private let batch: Int

    init(_ shape: Shape) {
        batch = shape.dimensions[0]
        channels = shape.dimensions[1]
        plane = shape.dimensions.dropFirst(2).reduce(1, *)
    }

    /// The number of elements of a channel.
    var count: Double { Double(batch * plane) }

    func sum(_ channel: Int, _ element: (Int) -> Double) -> Double {
        var sum = 0.0
        forEach(channel) { sum += element($0) }
        return sum
    }

    func forEach(_ channel: Int, _ body: (Int) -> Void) {
        for sample in 0..<batch {
            let start = (sample * channels + channel) * plane
            for index in start..<(start + plane) { body(index) }
        }
    }
}

extension BatchNormalization: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        let loop = Channels(inputs[0].shape)
        let ones = [Double](repeating: 1, count: loop.channels)
        let gamma = isAffine ? inputs[1].reals() : ones
        let beta = isAffine ? inputs[2].reals() : ones.map { _ in 0 }
        var (means, variances, inverses) = (ones, ones, ones)
        var y = x
        for channel in 0..<loop.channels {
            let mean = loop.sum(channel) { x[$0] } / loop.count
            let variance = loop.sum(channel) { (x[$0] - mean) * (x[$0] - mean) } / loop.count
            let inverse = 1 / (variance + epsilon).squareRoot()
            (means[channel], variances[channel], inverses[channel]) = (mean, variance, inverse)
            loop.forEach(channel) { y[$0] = (x[$0] - mean) * inverse * gamma[channel] + beta[channel] }
        }
        outputs[0].store(y)
        outputs[1].store(means)
        outputs[2].store(variances)
        outputs[3].store(inverses)
    }
}

extension ChannelNormalization: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        let (means, inverses, gamma, beta) = (
            inputs[1].reals(), inputs[2].reals(), inputs[3].reals(), inputs[4].reals()
        )
        let loop = Channels(inputs[0].shape)
        var y = x
        for channel in 0..<loop.channels {
            let scale = inverses[channel] * gamma[channel]
            loop.forEach(channel) { y[$0] = (x[$0] - means[channel]) * scale + beta[channel] }
        }
        outputs[0].store(y)
    }
}

extension BatchNormalizationGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (dy, x) = (inputs[0].reals(), inputs[1].reals())
        let (means, inverses, gamma) = (inputs[2].reals(), inputs[3].reals(), inputs[4].reals())
        let loop = Channels(inputs[1].shape)
        var (dx, dGamma, dBeta) = (x, means, means)
        for channel in 0..<loop.channels {
            let (mean, inverse) = (means[channel], inverses[channel])
            let sum = loop.sum(channel) { dy[$0] }
            let product = loop.sum(channel) { dy[$0] * (x[$0] - mean) * inverse }
            (dGamma[channel], dBeta[channel]) = (product, sum)
            loop.forEach(channel) { index in
                let normalized = (x[index] - mean) * inverse
                let rest = usesBatchStatistics ? sum / loop.count + normalized * product / loop.count : 0
                dx[index] = gamma[channel] * inverse * (dy[index] - rest)
            }
        }
        outputs[0].store(dx)
        outputs[1].store(dGamma)
        outputs[2].store(dBeta)
    }
}
