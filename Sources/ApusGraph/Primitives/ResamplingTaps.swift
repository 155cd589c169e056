#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// For each position of a result along one dimension, the elements that it is made of and their weights.
public struct ResamplingTaps: Sendable, Hashable {
    public struct Tap: Sendable, Hashable {
        public let source: Int
        public let weight: Double

        public init(source: Int, weight: Double) {
            self.source = source
            self.weight = weight
        }
    }

    /// The taps of each position, in the order of their sources.
    public let positions: [[Tap]]

    /// The same weights the other way: for each of `size` elements, the positions to which it contributes.
    public func transposed(size: Int) -> ResamplingTaps {
        var sources = [[Tap]](repeating: [], count: size)
        for (position, taps) in positions.enumerated() {
            for tap in taps { sources[tap.source].append(Tap(source: position, weight: tap.weight)) }
        }
        return ResamplingTaps(positions: sources)
    }
}

extension Resample {
    /// The weights along one spatial dimension.
    ///
    /// PyTorch finds nearest elements in the precision of the tensor, and may then take another element where the
    /// position is at a border: `isSinglePrecision` does the same. All other weights are in double precision. In two
    /// dimensions its `nearest` copies and doubles without asking the scale, and the gradient does so in any number of
    /// dimensions: where a factor of 1.3 leaves a size of 3, the result of one dimension holds elements 0, 0 and 1, and
    /// the gradient goes to 0, 1 and 2. `isOfGradient` asks for the weights of the gradient.
    public func taps(
        _ dimension: Int, inputSize: Int, isSinglePrecision: Bool, isOfGradient: Bool = false
    ) -> ResamplingTaps {
        let ignoresScale = outputSizes.count == 2 || isOfGradient
        let rule = CoordinateRule(input: inputSize, output: outputSizes[dimension], scale: scales[dimension])
        return ResamplingTaps(
            positions: (0..<rule.output).map { position in
                switch filter {
                case .nearest where ignoresScale && rule.output == inputSize:
                    return [.init(source: position, weight: 1)]
                case .nearest where ignoresScale && rule.output == 2 * inputSize:
                    return [.init(source: position / 2, weight: 1)]
                case .nearest, .nearestExact:
                    let isExact = filter == .nearestExact
                    let source =
                        isSinglePrecision
                        ? rule.nearest(position, isExact, Float.self) : rule.nearest(position, isExact, Double.self)
                    return [.init(source: source, weight: 1)]
                case .linear(let alignsCorners): return rule.linear(position, alignsCorners)
                case .cubic(let alignsCorners): return rule.cubic(position, alignsCorners)
                case .area: return rule.area(position)
                case .antialiased(let curve, let alignsCorners):
                    return rule.antialiased(position, curve, alignsCorners)
                }
            })
    }
}

/// Where the positions of a result lie among the elements of one dimension.
private struct CoordinateRule {
    typealias Tap = ResamplingTaps.Tap

    let input: Int
    let output: Int
    /// Results per element; nil where the sizes say it.
    let scale: Double?

    /// The distance of neighbouring results, in elements.
    private func step(_ alignsCorners: Bool) -> Double {
        if alignsCorners { return output > 1 ? Double(input - 1) / Double(output - 1) : 0 }
        return scale.map { 1 / $0 } ?? Double(input) / Double(output)
    }

    /// The coordinate of a result, where elements lie at whole numbers.
    private func coordinate(_ position: Int, _ alignsCorners: Bool) -> Double {
        let step = step(alignsCorners)
        return alignsCorners ? step * Double(position) : step * (Double(position) + 0.5) - 0.5
    }

    func nearest<Real: BinaryFloatingPoint>(_ position: Int, _ isExact: Bool, _ type: Real.Type) -> Int {
        let step = scale.map { Real(1 / $0) } ?? Real(input) / Real(output)
        let coordinate =
            isExact ? Double(max(step * (Real(position) + 0.5) - 0.5, 0)) + 0.5 : Double(step * Real(position))
        // PyTorch rounds down in single precision, for tensors of double precision too.
        return min(Int(Float(coordinate).rounded(.down)), input - 1)
    }

    func linear(_ position: Int, _ alignsCorners: Bool) -> [Tap] {
        // Of equal sizes each result is its own element, whatever the scale; a neighbour that is NaN has no share in it.
        if input == output { return [Tap(source: position, weight: 1)] }
        let coordinate = max(coordinate(position, alignsCorners), 0)
        let first = min(Int(coordinate.rounded(.down)), input - 1)
        let share = min(max(coordinate - Double(first), 0), 1)
        return [Tap(source: first, weight: 1 - share), Tap(source: min(first + 1, input - 1), weight: share)]
    }

    func cubic(_ position: Int, _ alignsCorners: Bool) -> [Tap] {
        let coordinate = coordinate(position, alignsCorners)
        let first = min(Int(coordinate.rounded(.down)), input - 1)
        let share = min(max(coordinate - Double(first), 0), 1)
        return (-1...2).map { offset in
            let distance = abs(Double(offset) - share)
            return Tap(source: min(max(first + offset, 0), input - 1), weight: cubicWeight(distance, a: -0.75))
        }
    }

    func area(_ position: Int) -> [Tap] {
        let first = position * input / output
        let end = ((position + 1) * input + output - 1) / output
        return (first..<end).map { Tap(source: $0, weight: 1 / Double(end - first)) }
    }

    func antialiased(_ position: Int, _ curve: AntialiasingCurve, _ alignsCorners: Bool) -> [Tap] {
        if input == output { return [Tap(source: position, weight: 1)] }
        let step = step(alignsCorners)
        // The curve is stretched where results are further apart than elements.
        let stretch = max(step, 1)
        let support = curve.support * stretch
        let center = step * (Double(position) + 0.5)
        let first = max(Int(center - support + 0.5), 0)
        let end = min(Int(center + support + 0.5), input)
        let weights = (first..<max(end, first)).map { curve.weight((Double($0) - center + 0.5) / stretch) }
        let sum = weights.reduce(0, +)
        return weights.enumerated().map { Tap(source: first + $0.offset, weight: sum == 0 ? 0 : $0.element / sum) }
    }
}

/// Keys' cubic at a distance from its middle.
private func cubicWeight(_ x: Double, a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
}

extension AntialiasingCurve {
    /// The distance from the middle beyond which the weight is 0.
    fileprivate var support: Double {
        switch self {
        case .linear: 1
        case .cubic: 2
        case .lanczos: 3
        }
    }

    fileprivate func weight(_ x: Double) -> Double {
        let distance = abs(x)
        switch self {
        case .linear: return max(1 - distance, 0)
        case .cubic: return cubicWeight(distance, a: -0.5)
        case .lanczos: return distance < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }

    private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }
}
