import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The channels of [N, C, …] at one position of one sample.
private struct ChannelColumns {
    let sizes: [Int]
    let rows: Rows

    init(_ shape: Shape) {
        sizes = shape.dimensions
        rows = Rows(sizes, along: 1)
    }

    /// The places of each column's channels.
    var places: [[Int]] { rows.starts.map { start in (0..<rows.length).map { start + $0 * rows.step } } }
}

extension LocalResponseNormalization: ReferenceKernel {
    /// d of a channel, for the elements of all channels.
    func divisor(_ column: [Double], _ channel: Int) -> Double {
        let window = max(0, channel - size / 2)...min(column.count - 1, channel + (size - 1) / 2)
        return k + alpha / Double(size) * window.reduce(0) { $0 + column[$1] * column[$1] }
    }

    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = x
        for places in ChannelColumns(inputs[0].shape).places {
            let column = places.map { x[$0] }
            for (channel, place) in places.enumerated() { y[place] = x[place] / pow(divisor(column, channel), beta) }
        }
        outputs[0].store(y)
    }
}

extension LocalResponseNormalizationGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (dy, x) = (inputs[0].reals(), inputs[1].reals())
        let (size, beta) = (normalization.size, normalization.beta)
        var dx = x
        for places in ChannelColumns(inputs[1].shape).places {
            let column = places.map { x[$0] }
            let divisors = places.indices.map { normalization.divisor(column, $0) }
            for (channel, place) in places.enumerated() {
                let window = max(0, channel - (size - 1) / 2)...min(places.count - 1, channel + size / 2)
                let spread = window.reduce(0) { sum, other in
                    sum + dy[places[other]] * column[other] * pow(divisors[other], -beta - 1)
                }
                dx[place] =
                    dy[place] * pow(divisors[channel], -beta)
                    - 2 * normalization.alpha * beta / Double(size) * x[place] * spread
            }
        }
        outputs[0].store(dx)
    }
}
