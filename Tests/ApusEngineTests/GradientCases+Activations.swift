import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    /// A function at numbers of both signs, away from its kinks.
    private static func smooth(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> GradientCase {
        GradientCase(name, [spread([3, 5], -4.3, 4.1)]) { function($0[0]) }
    }

    private static func kinked(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> GradientCase {
        // From −2.8 to 3.2 in steps of a half, at least 0.2 from every kink; squared, so that there is a curvature.
        GradientCase(name, [apart([13])]) { function($0[0]).square() }
    }

    static let activations: [GradientCase] = [
        smooth("silu") { $0.silu() },
        smooth("mish") { $0.mish() },
        smooth("gelu") { $0.gelu() },
        smooth("gelu by tanh") { $0.gelu(approximate: .tanh) },
        smooth("softplus") { $0.softplus(beta: 1.5, threshold: 40) },
        smooth("log sigmoid") { $0.logsigmoid() },
        smooth("softsign") { $0.softsign() },
        smooth("tanhshrink") { $0.tanhshrink() },
        kinked("elu") { $0.elu(alpha: 1.3) },
        kinked("selu") { $0.selu() },
        kinked("celu") { $0.celu(alpha: 0.7) },
        kinked("leaky relu") { $0.leakyRelu(negativeSlope: 0.3) },
        kinked("softplus beyond its threshold") { $0.softplus(beta: 2, threshold: 1) },
        kinked("hardswish") { $0.hardswish() },
        kinked("hardsigmoid") { $0.hardsigmoid() },
        kinked("hardtanh") { $0.hardtanh(minVal: -1.5, maxVal: 2) },
        kinked("relu6") { $0.relu6() },
        kinked("hardshrink") { $0.hardshrink() },
        kinked("softshrink") { $0.softshrink(lambd: 1) },
        kinked("threshold") { $0.threshold(0.5, value: -2) },
        kinked("rrelu") { $0.rrelu(training: true, generator: Generator(seed: 5)) },
        GradientCase("prelu, one slope", [apart([3, 4]), spread([1])]) { $0[0].prelu($0[1]).square() },
        GradientCase("prelu, a slope a channel", [apart([2, 3, 2]), spread([3])]) { $0[0].prelu($0[1]).square() },
        GradientCase("glu", [spread([2, 6], -3, 3)]) { $0[0].glu() },
        GradientCase("glu of channels", [spread([2, 4, 3], -3, 3)]) { $0[0].glu(dim: 1).square() },
        GradientCase("softmin", [spread([3, 4])]) { $0[0].softmin(dim: 0) },
    ]

    static let furtherElementwise: [GradientCase] = [
        GradientCase("exp2", [spread([7])]) { $0[0].exp2() },
        GradientCase("log2", [spread([7], 0.4, 3)]) { $0[0].log2() },
        GradientCase("log10", [spread([7], 0.4, 3)]) { $0[0].log10() },
        GradientCase("sinh", [spread([7])]) { $0[0].sinh() },
        GradientCase("cosh", [spread([7])]) { $0[0].cosh() },
        GradientCase("asin", [spread([7], -0.8, 0.8)]) { $0[0].asin() },
        GradientCase("acos", [spread([7], -0.8, 0.8)]) { $0[0].acos() },
        GradientCase("atan", [spread([7])]) { $0[0].atan() },
        GradientCase("asinh", [spread([7])]) { $0[0].asinh() },
        GradientCase("acosh", [spread([7], 1.3, 3)]) { $0[0].acosh() },
        GradientCase("atanh", [spread([7], -0.8, 0.8)]) { $0[0].atanh() },
        GradientCase("erfc", [spread([7])]) { $0[0].erfc() },
        GradientCase("hypot", [spread([2, 3], 0.3, 2), spread([3], 0.4, 2, seed: 2)]) { $0[0].hypot($0[1]) },
        GradientCase("fmod", [spread([5], 3.1, 3.9), spread([5], 1.1, 1.4, seed: 2)]) { $0[0].fmod($0[1]).square() },
        GradientCase("logaddexp", [spread([2, 3]), spread([3], seed: 2)]) { $0[0].logaddexp($0[1]) },
        GradientCase("logit", [spread([7], 0.1, 0.9)]) { $0[0].logit() },
        GradientCase("lerp", [spread([4]), spread([4], seed: 2), spread([4], 0.1, 0.9, seed: 3)]) {
            $0[0].lerp($0[1], weight: $0[2])
        },
        GradientCase("frac", [apart([7])]) { $0[0].frac().square() },
        GradientCase("nan to num", [spread([7])]) { $0[0].nanToNum().square() },
    ]
}
