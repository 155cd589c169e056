import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Activations of one real number and their derivatives, in double precision.
///
/// Written so that they keep their digits where they are small: in the tails and near 0.
enum ActivationFunctions {
    /// The function, or nil where it is no activation of one input.
    static func unary(_ function: PointwiseFunction) -> ((Double) -> Double)? {
        switch function {
        case .silu: { x in x * sigmoid(x) }
        case .siluDerivative: { x in sigmoid(x) * (1 + x * sigmoid(-x)) }
        case .mish: { x in x * tanhOfSoftplus(x) }
        case .mishDerivative: mishDerivative
        case .gelu: { x in x * normalDistribution(x) }
        case .geluDerivative: geluDerivative
        case .geluTanh: { x in x * sigmoid(geluExponent(x)) }
        case .geluTanhDerivative: geluTanhDerivative
        case .hardsigmoid: hardsigmoid
        case .hardswish: { x in x * hardsigmoid(x) }
        case .softsign: { x in x / (1 + x.magnitude) }
        case .tanhshrink: tanhshrink
        case .logSigmoid: logSigmoid
        default: nil
        }
    }

    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    static func logSigmoid(_ x: Double) -> Double {
        // Behind a comparison, NaN would vanish.
        let bounded = x > 0 ? 0 : x
        return bounded - log1p(exp(-x.magnitude))
    }

    private static func hardsigmoid(_ x: Double) -> Double {
        let shifted = x + 3
        return (shifted < 0 ? 0 : shifted > 6 ? 6 : shifted) / 6
    }

    /// e · (e + 2) for e = eˣ. Beyond 20, where it would overflow, all that is made of it is 1 to the last digit.
    private static func mishTerm(_ x: Double) -> (exponential: Double, product: Double) {
        let exponential = exp(x > 20 ? 20 : x)
        return (exponential, exponential * (exponential + 2))
    }

    /// tanh(log(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1)
    private static func tanhOfSoftplus(_ x: Double) -> Double {
        let product = mishTerm(x).product
        return product / (product + 2)
    }

    private static func mishDerivative(_ x: Double) -> Double {
        guard !(x > 20) else { return 1 }
        let (e, product) = mishTerm(x)
        let scale = 1 / (product + 2)
        return scale * (product + 4 * x * e * (1 + e) * scale)
    }

    private static func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

    private static func geluDerivative(_ x: Double) -> Double {
        // The density is 0 long before 40, also times an infinite x.
        let near = x > 40 ? 40 : x < -40 ? -40 : x
        return normalDistribution(x) + near * exp(-0.5 * near * near) * 0.3989422804014327
    }

    /// 2√(2/π) · (x + 0.044715 x³), for x up to where its sigmoid is 0 or 1.
    private static func geluExponent(_ x: Double) -> Double {
        let near = x > 30 ? 30 : x < -30 ? -30 : x
        return 1.5957691216057308 * near * (1 + 0.044715 * near * near)
    }

    private static func geluTanhDerivative(_ x: Double) -> Double {
        let near = x > 30 ? 30 : x < -30 ? -30 : x
        let s = sigmoid(geluExponent(x))
        let slope = 1.5957691216057308 * (1 + 3 * 0.044715 * near * near)
        return s * (1 + near * slope * sigmoid(-geluExponent(x)))
    }

    private static func tanhshrink(_ x: Double) -> Double {
        guard x.magnitude < 0.1 else { return x - tanh(x) }
        // The power series: the difference would lose the digits.
        let coefficients: [Double] = [
            -929569.0 / 638_512_875, 21844.0 / 6_081_075, -1382.0 / 155_925, 62.0 / 2_835, -17.0 / 315, 2.0 / 15,
            -1.0 / 3,
        ]
        let square = x * x
        return -x * square * coefficients.reduce(0) { $0 * square + $1 }
    }
}
