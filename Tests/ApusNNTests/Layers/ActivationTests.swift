import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// The activations at numbers that can be found by hand, and at those that PyTorch gives where a formula breaks down.
@Suite struct ActivationTests {
    /// Results and derivatives of a function.
    private func evaluate(_ function: (Tensor) -> Tensor, _ values: [Double]) throws -> ([Float], [Float]) {
        let x = Tensor(values).requiringGrad()
        let y = function(x)
        y.sum().backward()
        return (y.array(), try #require(x.grad).array())
    }

    private func expect(
        _ layer: Module, _ x: [Double], _ y: [Float], _ dx: [Float], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let (values, slopes) = try evaluate({ layer($0) }, x)
        func isClose(_ a: Float, _ b: Float) -> Bool {
            a == b || a.isNaN && b.isNaN || abs(a - b) <= 2e-6 * max(1e-30, abs(b))
        }
        #expect(zip(values, y).allSatisfy(isClose), "\(layer): \(values)", sourceLocation: location)
        #expect(zip(slopes, dx).allSatisfy(isClose), "slopes of \(layer): \(slopes)", sourceLocation: location)
    }

    @Test func kinksAreDecidedAsInPyTorch() throws {
        try expect(LeakyReLU(negativeSlope: 0.25), [-2, 0, 2], [-0.5, 0, 2], [0.25, 0.25, 1])
        try expect(ReLU6(), [-1, 0, 3, 6, 7], [0, 0, 3, 6, 6], [0, 0, 1, 0, 0])
        try expect(Hardtanh(), [-2, -1, 0.5, 1, 2], [-1, -1, 0.5, 1, 1], [0, 0, 1, 0, 0])
        try expect(Hardsigmoid(), [-3, 0, 3], [0, 0.5, 1], [0, 1 / 6, 0])
        try expect(Hardswish(), [-4, -3, 0, 3, 4], [0, 0, 0, 3, 4], [0, 0, 0.5, 1, 1])
        try expect(Hardshrink(), [-1, -0.5, 0, 0.5, 1], [-1, 0, 0, 0, 1], [1, 0, 0, 0, 1])
        try expect(Softshrink(), [-1, -0.5, 0, 0.5, 1], [-0.5, 0, 0, 0, 0.5], [1, 0, 0, 0, 1])
        try expect(Threshold(0.5, 9), [0, 0.5, 1], [9, 9, 1], [0, 0, 1])
        try expect(ELU(alpha: 2), [0, 1], [0, 1], [2, 1])
        try expect(SELU(), [0, 1], [0, 1.0507009873554805], [1.7580993408473766, 1.0507009873554805])
        try expect(CELU(alpha: 2), [0, 1], [0, 1], [1, 1])
        try expect(PReLU(init: 0.5), [-2, 0, 2], [-1, 0, 2], [0.5, 0.5, 1])
        try expect(RReLU(lower: 0.25, upper: 0.75).eval(), [-2, 0, 2], [-1, 0, 2], [0.5, 0.5, 1])
        try expect(Softplus(beta: 2, threshold: 4), [2, 3], [2.0090749639589047, 3], [0.9820137900379085, 1])
    }

    @Test func notANumberPassesThrough() throws {
        let layers: [Module] = [
            LeakyReLU(), PReLU(), RReLU(), ELU(), SELU(), CELU(), GELU(), GELU(approximate: .tanh), SiLU(), Mish(),
            Hardswish(), Hardsigmoid(), Hardtanh(), ReLU6(), Softplus(), Softsign(), LogSigmoid(), Threshold(0, 1),
            Tanhshrink(), Softshrink(), Hardshrink(),
        ]
        for layer in layers {
            let result: Double = layer(Tensor([Double.nan])).item()
            #expect(result.isNaN, "\(layer): \(result)")
        }
    }

    /// The tails, relatively exact: x · Φ(x) from tables of Φ, x · eˣ where σ(x) is eˣ.
    @Test func tailsKeepTheirDigits() throws {
        try expect(SiLU(), [-80, 80], [-1.4438808e-33, 80], [-1.4258324e-33, 1])
        try expect(Mish(), [-80, 80], [-1.4438808e-33, 80], [-1.4258324e-33, 1])
        try expect(LogSigmoid(), [-80, 80], [-80, -1.8048513e-35], [1, 1.8048513e-35])
        try expect(Softplus(), [-80, 80], [1.8048513e-35, 80], [1.8048513e-35, 1])
        try expect(ELU(), [-80, 1e-6, -1e-6], [-1, 1e-6, -9.999995e-07], [1.8048513e-35, 1, 0.999999])
        try expect(Tanhshrink(), [1e-3, -1e-3], [3.3333320e-10, -3.3333320e-10], [9.999993e-07, 9.999993e-07])
        try expect(Softsign(), [80], [0.98765432], [1.5241579e-4])
        // Φ(−8) = 6.2209606e−16
        let tail: Double = GELU()(Tensor([-8.0])).item()
        #expect(abs(tail + 4.9767685e-15) < 1e-20)
        try expect(GELU(), [-80, 0, 80], [0, 0, 80], [0, 0.5, 1])
        try expect(GELU(approximate: .tanh), [-80, 0, 80], [0, 0, 80], [0, 0.5, 1])
    }

    @Test func randomSlopesLieWithinTheirBounds() throws {
        let layer = RReLU(lower: 0.2, upper: 0.3)
        let x = Tensor.full([4_000], -1.0).requiringGrad()
        let y = layer(x)
        y.sum().backward()
        let slopes: [Float] = try #require(x.grad).array()
        #expect(slopes.allSatisfy { $0 >= 0.2 && $0 <= 0.3 })
        // The forward pass used the same slopes, and they differ.
        #expect(y.array() == slopes.map { -$0 })
        #expect(Set(slopes).count > 3_000)
        #expect(abs(slopes.reduce(0, +) / 4_000 - 0.25) < 0.003)
        #expect(layer(Tensor([3.0])).array() == [3] as [Float])
    }

    @Test func softmaxChoosesItsDimensionAsPyTorch() {
        func ones(_ rank: Int) -> Tensor { .ones(Shape([2, 4, 2, 2, 2].prefix(rank).map { $0 })) }
        for (rank, size) in [(1, 2), (2, 4), (3, 2), (4, 4)] {
            let values: [Float] = Softmax()(ones(rank)).array()
            #expect(values.allSatisfy { abs($0 - 1 / Float(size)) < 1e-6 }, "rank \(rank)")
        }
        #expect(Softmax()(Tensor(scalar: 0.0)).array() == [1] as [Float])
        #expect(LogSoftmax()(Tensor(scalar: 7.0)).array() == [0] as [Float])
        let minimum: [Float] = Softmin(dim: 0)(Tensor([0.0, 1000.0])).array()
        #expect(minimum == [1, 0])
        #expect(Softmax2d()(.zeros(3, 4, 2, 2)).array().allSatisfy { $0 == 0.25 as Float })
    }

    @Test func gatedLinearUnitHalvesADimension() throws {
        // σ(0) = ½
        #expect(GLU()(Tensor([[2.0, 4.0, 0.0, 0.0]])).array() == [1, 2] as [Float])
        #expect(GLU(dim: 1)(.zeros(2, 6, 3, 5)).shape == [2, 3, 3, 5])
        #expect(GLU()(.zeros(0, 4)).shape == [0, 2])
    }

    @Test func printing() {
        let expected: [(Module, String)] = [
            (LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
            (LeakyReLU(negativeSlope: 0.2, inplace: true), "LeakyReLU(negative_slope=0.2, inplace=True)"),
            (PReLU(numParameters: 3), "PReLU(num_parameters=3)"),
            (RReLU(), "RReLU(lower=0.125, upper=0.3333333333333333)"),
            (RReLU(lower: 0.1, upper: 0.3, inplace: true), "RReLU(lower=0.1, upper=0.3, inplace=True)"),
            (ELU(), "ELU(alpha=1.0)"), (ELU(alpha: 1.5, inplace: true), "ELU(alpha=1.5, inplace=True)"),
            (SELU(), "SELU()"), (SELU(inplace: true), "SELU(inplace=True)"), (CELU(alpha: 0.5), "CELU(alpha=0.5)"),
            (GELU(), "GELU(approximate='none')"), (GELU(approximate: .tanh), "GELU(approximate='tanh')"),
            (SiLU(inplace: true), "SiLU(inplace=True)"), (Mish(), "Mish()"), (Hardswish(inplace: true), "Hardswish()"),
            (Hardsigmoid(inplace: true), "Hardsigmoid()"), (Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"),
            (Hardtanh(minVal: -2, maxVal: 2, inplace: true), "Hardtanh(min_val=-2.0, max_val=2.0, inplace=True)"),
            (ReLU6(), "ReLU6()"), (ReLU6(inplace: true), "ReLU6(inplace=True)"),
            (Softplus(), "Softplus(beta=1.0, threshold=20.0)"), (Softsign(), "Softsign()"),
            (LogSigmoid(), "LogSigmoid()"), (Softmax(), "Softmax(dim=None)"), (Softmin(dim: 1), "Softmin(dim=1)"),
            (Softmax2d(), "Softmax2d()"), (LogSoftmax(dim: -1), "LogSoftmax(dim=-1)"),
            (Threshold(0.1, 20, inplace: true), "Threshold(threshold=0.1, value=20.0, inplace=True)"),
            (GLU(), "GLU(dim=-1)"), (Tanhshrink(), "Tanhshrink()"), (Softshrink(0.3), "Softshrink(0.3)"),
            (Hardshrink(), "Hardshrink(0.5)"),
        ]
        for (layer, text) in expected { #expect("\(layer)" == text) }
    }

    @Test func gradientNames() {
        let x = Tensor([[1.0, 2.0], [3.0, -4.0]]).requiringGrad()
        let expected: [(Module, String)] = [
            (LeakyReLU(), "LeakyReluBackward0"), (PReLU(), "PreluKernelBackward0"),
            (RReLU(), "RreluWithNoiseBackward0"), (ELU(), "EluBackward0"), (SELU(), "EluBackward0"),
            (CELU(), "CeluBackward0"), (GELU(), "GeluBackward0"), (GELU(approximate: .tanh), "GeluBackward0"),
            (SiLU(), "SiluBackward0"), (Mish(), "MishBackward0"), (Hardswish(), "HardswishBackward0"),
            (Hardsigmoid(), "HardsigmoidBackward0"), (Hardtanh(), "HardtanhBackward0"), (ReLU6(), "HardtanhBackward0"),
            (Softplus(), "SoftplusBackward0"), (Softsign(), "DivBackward0"), (LogSigmoid(), "LogSigmoidBackward0"),
            (Softmax(), "SoftmaxBackward0"), (Softmin(), "SoftmaxBackward0"), (LogSoftmax(), "LogSoftmaxBackward0"),
            (Threshold(0, 1), "ThresholdBackward0"), (GLU(), "GluBackward0"), (Tanhshrink(), "SubBackward0"),
            (Softshrink(), "SoftshrinkBackward0"), (Hardshrink(), "HardshrinkBackward0"),
        ]
        for (layer, name) in expected { #expect(layer(x).gradientFunctionName == name, "\(layer)") }
    }

    @Test func stateAndIntegers() {
        #expect(PReLU(numParameters: 2, init: 0.5).stateDict().map(\.key) == ["weight"])
        #expect(PReLU(numParameters: 2, init: 0.5).weight.tensor.array() == [0.5, 0.5] as [Float])
        let integers = Tensor([-3, 1, 9])
        #expect(ReLU6()(integers).array(as: Int.self) == [0, 1, 6])
        #expect(Threshold(1, 5)(integers).array(as: Int.self) == [5, 5, 9])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let fragments: [String]
        let body: @Sendable () -> Void

        init(_ name: String, _ fragments: [String], _ body: @escaping @Sendable () -> Void) {
            (testDescription, self.fragments, self.body) = (name, fragments, body)
        }
    }

    private static let refusals: [Refusal] = [
        Refusal("prelu.channels", ["prelu", "[3, 2, 7] has 2 channels", "[3] has 3 elements", "num_parameters: 2"]) {
            _ = PReLU(numParameters: 3)(.zeros(3, 2, 7))
        },
        Refusal("prelu.scalar", ["[] has 1 channels", "[3]"]) { _ = PReLU(numParameters: 3)(Tensor(scalar: 1.0)) },
        Refusal("prelu.negative", ["PReLU", "numParameters is -1"]) { _ = PReLU(numParameters: -1) },
        Refusal("prelu.weight", ["[2, 2] has 2 dimensions"]) { _ = Tensor.zeros(2, 2).prelu(.zeros(2, 2)) },
        Refusal("prelu.type", ["float32", "float64"]) { _ = PReLU()(.zeros(2, dtype: .float64)) },
        Refusal("glu.odd", ["glu", "[3, 5]", "dimension 1, whose size 5 is odd"]) { _ = GLU()(.zeros(3, 5)) },
        Refusal("glu.scalar", ["glu", "scalar"]) { _ = GLU()(Tensor(scalar: 1.0)) },
        Refusal("glu.dim", ["glu", "dimension 2 is out of range"]) { _ = GLU(dim: 2)(.zeros(3, 4)) },
        Refusal("softmax.dim", ["softmax", "dimension 2 is out of range"]) { _ = Softmax(dim: 2)(.zeros(3, 2)) },
        Refusal("softmax2d.rank", ["Softmax2d", "[3, 2] has 2 dimensions", "[N, C, H, W]"]) {
            _ = Softmax2d()(.zeros(3, 2))
        },
        Refusal("softshrink.negative", ["softshrink", "lambd is -0.5"]) { _ = Softshrink(-0.5)(.zeros(3)) },
        Refusal("hardtanh.bounds", ["Hardtanh", "maxVal is -2.0", "minVal, 2.0"]) {
            _ = Hardtanh(minVal: 2, maxVal: -2)
        },
        Refusal("hardtanh.function", ["hardtanh", "minVal is 2.0", "maxVal, -2.0"]) {
            _ = Tensor.zeros(1).hardtanh(minVal: 2, maxVal: -2)
        },
        Refusal("celu.zero", ["celu", "alpha is 0"]) { _ = CELU(alpha: 0)(.zeros(1)) },
        Refusal("rrelu.bounds", ["rrelu", "lower is 0.3 and upper is 0.1"]) {
            _ = RReLU(lower: 0.3, upper: 0.1)(.zeros(1))
        },
        Refusal("gelu.integer", ["gelu", "[2] is int64", ".float32"]) { _ = GELU()(.ones(2, dtype: .int64)) },
        Refusal("softmin.bool", ["softmin", "bool"]) { _ = Softmin(dim: 0)(.ones(2, dtype: .bool)) },
    ]

    @Test(arguments: refusals)
    func isRefused(_ refused: Refusal) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }
}
