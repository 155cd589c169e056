import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// NaN, infinities and large numbers, with PyTorch 2.15's results in double precision.
@Suite struct SpecialValuesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let values: [Double]
        let slopes: [Double]
        let make: @Sendable () -> Module

        init(_ values: [Double], _ slopes: [Double], _ make: @escaping @Sendable () -> Module) {
            (self.values, self.slopes, self.make) = (values, slopes, make)
            testDescription = "\(make())"
        }
    }

    static let inputs: [Double] = [.nan, .infinity, -.infinity, 80, -80, 1e4, -1e4]

    /// Results and slopes at each of the inputs.
    static let activations = [
        Case([.nan, 1.0, 0.0, 1.0, 1.80485139e-35, 1.0, 0.0], [.nan, 0.0, 0.0, 0.0, 1.80485139e-35, 0.0, 0.0]) {
            Sigmoid()
        },
        Case([.nan, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0], [.nan, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) { Tanh() },
        Case([.nan, .infinity, 0.0, 80.0, 0.0, 10000.0, 0.0], [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]) { ReLU() },
        Case([.nan, .infinity, -.infinity, 80.0, -0.8, 10000.0, -100.0], [0.01, 1.0, 0.01, 1.0, 0.01, 1.0, 0.01]) {
            LeakyReLU()
        },
        Case([.nan, .infinity, -.infinity, 80.0, -20.0, 10000.0, -2500.0], [0.25, 1.0, 0.25, 1.0, 0.25, 1.0, 0.25]) {
            PReLU()
        },
        Case([.nan, .infinity, -1.0, 80.0, -1.0, 10000.0, -1.0], [1.0, 1.0, 0.0, 1.0, 1.80485139e-35, 1.0, 0.0]) {
            ELU()
        },
        Case(
            [.nan, .infinity, -1.75809934, 84.056079, -1.75809934, 10507.0099, -1.75809934],
            [1.05070099, 1.05070099, 0.0, 1.05070099, 3.17310804e-35, 1.05070099, 0.0]
        ) { SELU() },
        Case([.nan, .infinity, -0.5, 80.0, -0.5, 10000.0, -0.5], [1.0, 1.0, 0.0, 1.0, 3.25748853e-70, 1.0, 0.0]) {
            CELU(alpha: 0.5)
        },
        Case([.nan, .infinity, .nan, 80.0, -0.0, 10000.0, -0.0], [.nan, .nan, .nan, 1.0, 0.0, 1.0, 0.0]) { GELU() },
        Case([.nan, .infinity, .nan, 80.0, -0.0, 10000.0, -0.0], [.nan, .nan, .nan, 1.0, 0.0, 1.0, 0.0]) {
            GELU(approximate: .tanh)
        },
        Case(
            [.nan, .infinity, .nan, 80.0, -1.44388111e-33, 10000.0, -0.0],
            [.nan, .nan, .nan, 1.0, -1.4258326e-33, 1.0, -0.0]
        ) { SiLU() },
        Case(
            [.nan, .infinity, .nan, 80.0, -1.44388111e-33, 10000.0, -0.0],
            [.nan, .nan, .nan, 1.0, -1.4258326e-33, 1.0, 0.0]
        ) { Mish() },
        Case([.nan, .infinity, .nan, 80.0, -0.0, 10000.0, -0.0], [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]) { Hardswish() },
        Case([.nan, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) { Hardsigmoid() },
        Case([.nan, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) { Hardtanh() },
        Case([.nan, 6.0, 0.0, 6.0, 0.0, 6.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) { ReLU6() },
        Case(
            [.nan, .infinity, 0.0, 80.0, 1.80485139e-35, 10000.0, 0.0], [.nan, 1.0, 0.0, 1.0, 1.80485139e-35, 1.0, 0.0]
        ) { Softplus() },
        Case(
            [.nan, .nan, .nan, 0.987654321, -0.987654321, 0.99990001, -0.99990001],
            [.nan, .nan, .nan, 0.00015241579, 0.00015241579, 9.9980003e-09, 9.9980003e-09]
        ) { Softsign() },
        Case(
            [.nan, 0.0, -.infinity, -1.80485139e-35, -80.0, 0.0, -10000.0],
            [.nan, 0.0, 1.0, 1.80485139e-35, 1.0, 0.0, 1.0]
        ) { LogSigmoid() },
        Case([.nan, .infinity, -.infinity, 79.0, -79.0, 9999.0, -9999.0], [.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) {
            Tanhshrink()
        },
        Case([.nan, .infinity, -.infinity, 79.5, -79.5, 9999.5, -9999.5], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) {
            Softshrink()
        },
        Case([.nan, .infinity, -.infinity, 80.0, -80.0, 10000.0, -10000.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) {
            Hardshrink()
        },
        Case([.nan, .infinity, 2.0, 80.0, 2.0, 10000.0, 2.0], [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]) {
            Threshold(0.5, 2)
        },
    ]

    /// Single precision, relative; below its smallest normal number, 0 is as good.
    private func isClose(_ actual: Double, _ expected: Double) -> Bool {
        expected.isNaN ? actual.isNaN : actual == expected || abs(actual - expected) <= 1e-5 * abs(expected) + 1.2e-38
    }

    /// Where the slope has no number in PyTorch, any will do; at NaN its own kernels differ.
    @Test(arguments: activations) func activation(_ test: Case) throws {
        let x = Tensor(Self.inputs, dtype: .float32).requiringGrad()
        let y = test.make()(x)
        y.sum().backward()
        let (values, slopes): ([Double], [Double]) = (
            y.array(as: Double.self), try #require(x.grad).array(as: Double.self)
        )
        for (index, input) in Self.inputs.enumerated() {
            #expect(isClose(values[index], test.values[index]), "f(\(input)) = \(values[index])")
            guard !input.isNaN, !test.slopes[index].isNaN else { continue }
            #expect(isClose(slopes[index], test.slopes[index]), "f\u{2032}(\(input)) = \(slopes[index])")
        }
    }

    private let row = Tensor([[2.0, .nan, .infinity, -.infinity, 1]], dtype: .float32)

    private func expect(
        _ actual: Tensor, _ expected: [Double], _ location: SourceLocation = #_sourceLocation
    ) {
        let values = actual.array(as: Double.self)
        #expect(
            values.count == expected.count && zip(values, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN },
            "\(values)", sourceLocation: location)
    }

    @Test func reductionsPassNotANumberOn() {
        for result in [row.sum(), row.mean(), row.prod(), row.amax(), row.amin(), row.max(), row.norm()] {
            expect(result, [.nan])
        }
        #expect(row.argmax().item() == 1 && row.argmin().item() == 1)
        #expect(row.max(dim: 1).indices.item() == 1)
        expect(row.cumsum(dim: 1), [2, .nan, .nan, .nan, .nan])
        expect(Tensor([1.0, .infinity]).sum(), [.infinity])
        expect(Tensor([-Double.infinity, .infinity]).sum(), [.nan])
        expect(Tensor([-Double.infinity, -.infinity]).logsumexp(dim: [0]), [-.infinity])
        expect(Tensor([1e4, .infinity]).logsumexp(dim: [0]), [.infinity])
    }

    /// NaN counts as the largest of all.
    @Test func orders() {
        let ascending = row.sort()
        expect(ascending.values, [-.infinity, 1, 2, .infinity, .nan])
        expect(ascending.indices, [3, 4, 0, 2, 1])
        expect(row.sort(descending: true).values, [.nan, .infinity, 2, 1, -.infinity])
        expect(row.topk(2).values, [.nan, .infinity])
        expect(row.topk(2, largest: false).values, [-.infinity, 1])
        #expect(row.median().item(as: Double.self).isNaN)
    }

    @Test func elementwise() {
        expect(row.clamp(min: 0, max: 1.5), [1.5, .nan, 1.5, 0, 1])
        expect(row.maximum(Tensor([1.0, 1, .nan, 1, 1])), [2, .nan, .nan, 1, 1])
        expect(row.minimum(Tensor([1.0, 1, .nan, 1, 1])), [1, .nan, .nan, -.infinity, 1])
        expect((row .== row).cast(to: .float32), [1, 0, 1, 1, 1])
        expect((row .!= row).cast(to: .float32), [0, 1, 0, 0, 0])
        expect((row .< 5).cast(to: .float32), [1, 0, 0, 1, 1])
        expect((row .>= 1).cast(to: .float32), [1, 0, 1, 0, 1])
        expect(row.where(row .> 1, else: 0), [2, 0, .infinity, 0, 0])
        expect(row.sign(), [1, 0, 1, -1, 1])
        expect(row.maskedFill(row.isNaN(), 0), [2, 0, .infinity, -.infinity, 1])
    }

    @Test func softmaxOfRows() {
        let rows = Tensor([[0.0, -.infinity], [.nan, 0], [-.infinity, -.infinity], [.infinity, 0]])
        expect(Softmax(dim: 1)(rows), [1, 0, .nan, .nan, .nan, .nan, .nan, .nan])
        expect(LogSoftmax(dim: 1)(rows), [0, -.infinity, .nan, .nan, .nan, .nan, .nan, .nan])
    }

    @Test func poolings() {
        let x = Tensor([[[[1.0, .nan, -.infinity, -.infinity], [2, 3, -.infinity, -.infinity]]]])
        let pooled = MaxPool2d(2, returnIndices: true).withIndices(x)
        expect(pooled.values, [.nan, -.infinity])
        expect(pooled.indices, [1, 2])
        expect(MaxPool1d(2)(x.reshape(1, 2, 4)), [.nan, -.infinity, 3, -.infinity])
        expect(AdaptiveMaxPool2d(1)(x), [.nan])
        expect(AvgPool2d(2)(x), [.nan, -.infinity])
        expect(AdaptiveAvgPool2d([1, 2])(x), [.nan, -.infinity])
        // Padding is below everything, and never NaN.
        expect(MaxPool2d(3, stride: 2, padding: 1)(x), [.nan, .nan])
    }

    @Test func losses() {
        let (x, y) = (Tensor([1.0, .nan]), Tensor([0.0, 0]))
        for loss in [mseLoss(x, y), l1Loss(x, y), smoothL1Loss(x, y), huberLoss(x, y)] {
            expect(loss, [.nan])
        }
        expect(mseLoss(Tensor([1.0, .infinity]), y), [.infinity])
        expect(binaryCrossEntropyWithLogits(x, y, reduction: .none).narrow(dim: 0, start: 1, length: 1), [.nan])
        let classes = Tensor([0, 1] as [Int64])
        expect(crossEntropy(Tensor([[0.0, .nan], [0, 0]]), classes), [.nan])
        // A class that cannot be costs everything.
        expect(
            crossEntropy(Tensor([[-.infinity, 0.0], [-.infinity, 0]]), classes, reduction: .none), [.infinity, 0])
    }
}
