import ApusEngine
import Testing

@testable import ApusGraph

/// A function whose gradients are checked, and where.
struct GradientCase: Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: @Sendable () -> [Tensor]
    let function: @Sendable ([Tensor]) -> Tensor
    /// The distance of the differences; larger where the function is linear and rounds.
    var epsilon = 1e-6
    /// Whether the recorded gradients are checked for their own gradients too.
    var checksSecond = true

    var testDescription: String { name }

    init(
        _ name: String, _ inputs: @autoclosure @escaping @Sendable () -> [Tensor], epsilon: Double = 1e-6,
        checksSecond: Bool = true, _ function: @escaping @Sendable ([Tensor]) -> Tensor
    ) {
        self.name = name
        self.inputs = inputs
        self.function = function
        self.epsilon = epsilon
        self.checksSecond = checksSecond
    }
}

/// Numbers evenly spread over low ≤ x < high.
func spread(_ shape: Shape, _ low: Double = -1.5, _ high: Double = 1.5, seed: UInt64 = 1) -> Tensor {
    .uniform(shape, low: low, high: high, dtype: .float64, generator: Generator(seed: seed))
}

/// Different numbers in arbitrary order, at least 0.15 apart from each other and from all multiples of a half: far from
/// the kinks of `relu`, `floor` and the maximum.
func apart(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    let count = shape.elementCount
    let order = Generator(seed: seed).permutation(count)
    return Tensor(order.map { Double($0 - count / 2) / 2 + 0.2 }, shape: shape, dtype: .float64)
}

enum GradientCases {
    static let elementwise: [GradientCase] = [
        GradientCase("neg", [spread([3, 5])]) { -$0[0] },
        GradientCase("abs", [apart([3, 5])]) { $0[0].abs() },
        GradientCase("exp", [spread([3, 5])]) { $0[0].exp() },
        GradientCase("expm1", [spread([3, 5])]) { $0[0].expm1() },
        GradientCase("log", [spread([3, 5], 0.4, 3)]) { $0[0].log() },
        GradientCase("log1p", [spread([3, 5], -0.6, 3)]) { $0[0].log1p() },
        GradientCase("sqrt", [spread([3, 5], 0.4, 3)]) { $0[0].sqrt() },
        GradientCase("rsqrt", [spread([3, 5], 0.4, 3)]) { $0[0].rsqrt() },
        GradientCase("reciprocal", [spread([3, 5], 0.4, 3)]) { $0[0].reciprocal() },
        GradientCase("square", [spread([3, 5])]) { $0[0].square() },
        GradientCase("sin", [spread([7])]) { $0[0].sin() },
        GradientCase("cos", [spread([7])]) { $0[0].cos() },
        GradientCase("tan", [spread([7], -1, 1)]) { $0[0].tan() },
        GradientCase("tanh", [spread([7])]) { $0[0].tanh() },
        GradientCase("sigmoid", [spread([7])]) { $0[0].sigmoid() },
        GradientCase("relu", [apart([7])]) { $0[0].relu() },
        GradientCase("erf", [spread([7])]) { $0[0].erf() },
        GradientCase("clone", [spread([7])]) { $0[0].clone() * $0[0] },
        // All numbers and distances are exact in `float32`; the cotangent of the second check would not be.
        GradientCase("cast", [Tensor([0.5, -2, 3], dtype: .float64)], epsilon: 0x1p-10, checksSecond: false) {
            $0[0].cast(to: .float32).cast(to: .float64) * $0[0]
        },
        GradientCase("floor", [apart([7])]) { $0[0].floor() * $0[0] },
        GradientCase("ceil", [apart([7])]) { $0[0].ceil() * $0[0] },
        GradientCase("round", [apart([7])]) { $0[0].round() * $0[0] },
        GradientCase("trunc", [apart([7])]) { $0[0].trunc() * $0[0] },
        GradientCase("sign", [apart([7])]) { $0[0].sign() * $0[0] },
        GradientCase("add, broadcast", [spread([3, 1, 5]), spread([2, 1])]) { $0[0] + $0[1] },
        GradientCase("sub, broadcast", [spread([2, 1]), spread([3, 1, 5])]) { $0[0] - $0[1] },
        GradientCase("mul, broadcast", [spread([3, 1, 5]), spread([2, 1])]) { $0[0] * $0[1] },
        GradientCase("mul by a scalar", [spread([3, 5]), spread([])]) { $0[0] * $0[1] },
        GradientCase("mul by itself", [spread([5])]) { $0[0] * $0[0] * $0[0] },
        GradientCase("div, broadcast", [spread([3, 1]), spread([1, 5], 0.5, 2)]) { $0[0] / $0[1] },
        GradientCase("numbers", [spread([5], 0.5, 2)]) { (3 - $0[0] * 2.5) / 4 + 1 / $0[0] },
        GradientCase("pow", [spread([3, 1], 0.5, 2), spread([5])]) { $0[0].pow($0[1]) },
        GradientCase("pow 3", [spread([5])]) { $0[0] ** 3 },
        GradientCase("pow 0", [spread([5])]) { $0[0].pow(0) * $0[0] },
        GradientCase("pow −1.5", [spread([5], 0.5, 2)]) { $0[0].pow(-1.5) },
        GradientCase("maximum", [apart([3, 5]), apart([5], seed: 2) + 0.15]) { $0[0].maximum($0[1]) * $0[0] },
        GradientCase("minimum", [apart([3, 5]), apart([5], seed: 2) + 0.15]) { $0[0].minimum($0[1]) * $0[1] },
        GradientCase("atan2", [spread([3, 1], 0.5, 2), spread([5])]) { $0[0].atan2($0[1]) },
        GradientCase("remainder", [apart([7]) + 20, Tensor([3.05], dtype: .float64)]) {
            $0[0].remainder($0[1]) * $0[0]
        },
        GradientCase("where", [spread([3, 1]), spread([5])]) {
            let mask = Tensor([true, false, true, true, false])
            return ($0[0] * $0[1]).where(mask, else: $0[0].exp())
        },
        GradientCase("masked fill", [spread([2, 3])]) { $0[0].square().maskedFill(Tensor([true, false, true]), 5) },
        GradientCase("clamp", [apart([9])]) { $0[0].clamp(min: -1, max: 1.25) * $0[0] },
        GradientCase("clamp above", [apart([9])]) { $0[0].clamp(max: 1).square() },
        GradientCase("a shared chain", [spread([4]), spread([4], seed: 2)]) {
            let y = ($0[0] * $0[1]).tanh()
            return (y + y.exp()) * y.sigmoid() / ($0[0].square() + 1)
        },
    ]

    static let reductions: [GradientCase] = [
        GradientCase("sum", [spread([3, 5])]) { $0[0].square().sum() },
        GradientCase("sum of dimensions", [spread([2, 3, 4])]) { $0[0].square().sum(dim: [0, 2]) },
        GradientCase("sum, kept", [spread([2, 3, 4])]) { $0[0] * $0[0].sum(dim: -1, keepdim: true) },
        GradientCase("mean", [spread([3, 5])]) { $0[0].exp().mean() },
        GradientCase("mean of a dimension", [spread([3, 5])]) { $0[0].exp().mean(dim: 0) },
        GradientCase("prod", [spread([5], 0.5, 2)]) { $0[0].prod() },
        GradientCase("prod of a dimension", [spread([3, 4])]) { $0[0].prod(dim: 1, keepdim: true) },
        GradientCase("prod with a zero", [Tensor([2, 0, -3, 0.5], dtype: .float64)]) { $0[0].prod() },
        GradientCase("prod with zeros", [Tensor([2, 0, -3.0, 0], dtype: .float64)]) {
            $0[0].prod()
        },
        GradientCase("amax", [apart([3, 5])]) { $0[0].amax(dim: [1]).square() },
        GradientCase("amin", [apart([3, 5])]) { $0[0].amin(dim: [0], keepdim: true).square() },
        GradientCase("max", [apart([3, 5])]) { $0[0].max() * $0[0] },
        GradientCase("min", [apart([3, 5])]) { $0[0].min() * $0[0] },
        GradientCase("var", [spread([3, 5])]) { $0[0].var(dim: [1]) },
        GradientCase("var of all, biased", [spread([3, 5])]) { $0[0].var(correction: 0) },
        GradientCase("std", [spread([3, 5])]) { $0[0].std(dim: [0], keepdim: true) },
        GradientCase("logsumexp", [spread([3, 5])]) { $0[0].logsumexp(dim: [1]) },
        GradientCase("logsumexp of all, kept", [spread([3, 2])]) { $0[0].logsumexp(dim: [0, 1], keepdim: true) },
        GradientCase("softmax", [spread([3, 5])]) { $0[0].softmax(dim: 1) },
        GradientCase("softmax of the first dimension", [spread([3, 2, 2])]) { $0[0].softmax(dim: 0) },
        GradientCase("log softmax", [spread([3, 5])]) { $0[0].logSoftmax(dim: -1) },
        GradientCase("log softmax of planes", [spread([2, 3, 2])]) { $0[0].logSoftmax(dim: 1) },
        GradientCase("negative log-likelihood", [spread([3, 4])]) {
            let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
            return Tensor.record(loss, [$0[0].square(), Tensor([2, 0, 3] as [Int64])])[0]
        },
        GradientCase("weighted cross-entropy of planes", [spread([2, 3, 2])]) {
            let loss = NegativeLogLikelihood(ignoreIndex: 1, isWeighted: true)
            let weight = Tensor([0.5, 3, 2], dtype: .float64)
            let results = Tensor.record(loss, [$0[0].logSoftmax(dim: 1), Tensor([[2, 0], [1, 0]]), weight])
            return results[0].sum() / results[1].sum()
        },
    ]

    static let shapes: [GradientCase] = [
        GradientCase("reshape", [spread([3, 4])]) { $0[0].reshape(2, -1).square() },
        GradientCase("flatten", [spread([2, 3, 2])]) { $0[0].flatten(from: 1).square() },
        GradientCase("unflatten", [spread([2, 6])]) { $0[0].unflatten(dim: 1, sizes: [3, -1]).square() },
        GradientCase("squeeze", [spread([1, 3, 1])]) { $0[0].squeeze().square() },
        GradientCase("unsqueeze", [spread([3, 2])]) { $0[0].unsqueeze(dim: 1) * $0[0] },
        GradientCase("permute", [spread([2, 3, 4])]) { $0[0].permute(2, 0, 1).square() },
        GradientCase("transpose", [spread([2, 3])]) { $0[0].transpose(0, 1).exp() },
        GradientCase("T", [spread([2, 3])]) { $0[0].T.exp() },
        GradientCase("expand", [spread([3, 1])]) { $0[0].expand(2, 3, 4).square() },
        GradientCase("flip", [spread([2, 3])]) { $0[0].flip(1) * $0[0].flip(0, 1) },
        GradientCase("cat", [spread([2, 3]), spread([2, 1], seed: 2)]) {
            Tensor.cat([$0[0], $0[1], $0[0]], dim: 1).exp()
        },
        GradientCase("stack", [spread([2, 3]), spread([2, 3], seed: 2)]) {
            Tensor.stack([$0[0], $0[1]], dim: -1).exp()
        },
        GradientCase("position", [spread([3, 4])]) { $0[0][1].square() * $0[0][-1, 2] },
        GradientCase("ranges", [spread([3, 5])]) { $0[0][1..., 0..<3].square() },
        GradientCase("steps, new axis and ellipsis", [spread([3, 5])]) {
            $0[0][.ellipsis, TensorSelection.every(2)].square() + $0[0][0..<1, .newAxis, 4]
        },
        GradientCase("narrow", [spread([3, 5])]) { $0[0].narrow(dim: 1, start: 1, length: 3).square() },
        GradientCase("select", [spread([3, 5])]) { $0[0].select(dim: 0, index: -1).square() },
        GradientCase("split", [spread([5, 2])]) {
            let parts = $0[0].split([2, 3])
            return parts[0].sum() * parts[1].exp()
        },
        GradientCase("slice assignment", [spread([3, 4]), spread([2])]) {
            var y = $0[0].square()
            y[1..., 2] = $0[1] * $0[0][0, 0]
            return y.exp()
        },
        GradientCase("slice assignment, broadcast", [spread([3, 4]), spread([])]) {
            var y = $0[0] * 1
            y[TensorSelection.every(2), 1..<3] = $0[1]
            return y.square()
        },
    ]
}
