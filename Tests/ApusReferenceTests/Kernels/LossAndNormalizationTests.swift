import ApusGraph
import ApusPlan
import Testing

@Suite struct SoftmaxTests {
    /// 1 / (1 + e + e²) and its multiples; 1000 shows that nothing overflows.
    @Test(arguments: [0.0, 1000, -1000]) func rows(shift: Double) throws {
        let x = Numbers([0 + shift, 1 + shift, 2 + shift], [1, 3], .float64)
        let probabilities = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]
        let y = try compute(Softmax(dimension: 1, isLogarithm: false), x)[0].values
        #expect(isClose(y, probabilities, tolerance: 1e-15))
        let logarithms = try compute(Softmax(dimension: 1, isLogarithm: true), x)[0].values
        // 1000 + log Σ keeps 13 digits behind the point.
        let expected = [-2.4076059644443806, -1.4076059644443806, -0.40760596444438046]
        #expect(isClose(logarithms, expected, tolerance: 1e-12))
    }

    /// Along the first dimension each column is normalised by itself.
    @Test func otherDimensions() throws {
        let x = Numbers([0, 5, 0, 5, 0, 5], [3, 2], .float64)
        let y = try compute(Softmax(dimension: 0, isLogarithm: false), x)[0].values
        #expect(isClose(y, [Double](repeating: 1.0 / 3, count: 6), tolerance: 1e-15))
    }

    @Test func gradients() throws {
        let y = Numbers([0.25, 0.75], [1, 2], .float64)
        let dy = Numbers([4, 8], [1, 2], .float64)
        // Σ dy · y = 7
        let softmax = SoftmaxGradient(Softmax(dimension: 1, isLogarithm: false))
        #expect(try compute(softmax, y, dy)[0].values == [-0.75, 0.75])
        let logarithm = SoftmaxGradient(Softmax(dimension: 1, isLogarithm: true))
        let dx = try compute(logarithm, Numbers([0, 0], [1, 2], .float64), dy)[0].values
        #expect(dx == [4 - 12, 8 - 12])
    }
}

@Suite struct BinaryCrossEntropyTests {
    /// Certain and right costs nothing, certain and wrong 100.
    @Test func losses() throws {
        let x = Numbers([0.5, 0, 1, 0, 1, 0.25], nil, .float64)
        let y = Numbers([1, 0, 1, 1, 0, 0.5], nil, .float64)
        // ½ · (log 4 + log 4/3)
        let expected = [0.6931471805599453, 0, 0, 100, 100, 0.8369882167858358]
        #expect(isClose(try compute(BinaryCrossEntropy(), x, y)[0].values, expected, tolerance: 1e-15))
    }

    @Test func floorOfVariances() throws {
        let x = Numbers([0, 0.5, 2, .nan], nil, .float64)
        let y = try compute(VarianceFloor(0.5), x)[0].values
        #expect(y.dropLast() == [0.5, 0.5, 2] && y[3].isNaN)
        #expect(throws: TensorError.self) { try compute(VarianceFloor(0.5), Numbers([1, -1])) }
    }
}

@Suite struct MultiLabelMarginTests {
    private let x = Numbers([0.1, 0.2, 0.4, 0.8], [1, 4], .float64)

    /// The example of PyTorch's documentation: labels 3 and 0.
    @Test func example() throws {
        let labels = Numbers([3, 0, -1, 1], [1, 4], .int64)
        let losses = try compute(MultiLabelMargin(), x, labels)[0].values
        // (0.4 + 0.6 + 1.1 + 1.3) / 4
        #expect(isClose(losses, [0.85], tolerance: 1e-15))
        let dx = try compute(MultiLabelMarginGradient(), Numbers([4], nil, .float64), x, labels)[0].values
        #expect(dx == [-2, 2, 2, -2])
    }

    @Test func noLabels() throws {
        let labels = Numbers([-1, 2, 1, 0], [1, 4], .int64)
        #expect(try compute(MultiLabelMargin(), x, labels)[0].values == [0])
    }

    @Test(arguments: [4.0, -2]) func labelsOutOfRange(label: Double) throws {
        let labels = Numbers([-1, label, 1, 0], [1, 4], .int64)
        #expect(throws: TensorError.self) { try compute(MultiLabelMargin(), x, labels) }
    }
}

@Suite struct NegativeLogLikelihoodTests {
    private let x = Numbers([-1, -2, -3, -4, -5, -6], [2, 3])

    @Test func losses() throws {
        let classes = Numbers([2, 0], nil, .int64)
        let plain = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
        #expect(try compute(plain, x, classes) == [Numbers([3, 4]), Numbers([1, 1])])
        let weighted = NegativeLogLikelihood(ignoreIndex: 0, isWeighted: true)
        let weight = Numbers([1, 2, 0.5])
        #expect(try compute(weighted, x, classes, weight) == [Numbers([1.5, 0]), Numbers([0.5, 0])])
        let gradient = NegativeLogLikelihoodGradient(weighted, inputShape: [2, 3])
        #expect(
            try compute(gradient, Numbers([10, 20]), classes, weight) == [Numbers([0, 0, -5, 0, 0, 0], [2, 3])])
    }

    @Test func planes() throws {
        // [N, C, L] = [1, 2, 3]
        let x = Numbers([1, 2, 3, 10, 20, 30], [1, 2, 3])
        let classes = Numbers([1, 0, 1], [1, 3], .int64)
        let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
        #expect(try compute(loss, x, classes)[0] == Numbers([-10, -2, -30], [1, 3]))
        let gradient = NegativeLogLikelihoodGradient(loss, inputShape: [1, 2, 3])
        let dx = try compute(gradient, Numbers([1, 2, 3], [1, 3]), classes)
        #expect(dx == [Numbers([0, -2, 0, -1, 0, -3], [1, 2, 3])])
    }

    @Test(arguments: [3, -1, 12]) func classOutOfRange(_ picked: Double) throws {
        let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
        let error = #expect(throws: TensorError.self) {
            try compute(loss, x, Numbers([0, picked], nil, .int64))
        }
        let expected = "nll_loss: the class \(Int(picked)) of sample 1 is out of range for 3 classes"
        #expect(error?.description.hasPrefix(expected) == true)
    }

    @Test func fusedWithSoftmax() throws {
        let loss = NegativeLogLikelihood(ignoreIndex: 1, isWeighted: true)
        let logits = Numbers([1, 2, 3, 0, 5, 1, 2, 2, 2], [3, 3])
        let classes = Numbers([2, 1, 0], nil, .int64)
        let weight = Numbers([1, 2, 0.5])
        let softmax = Softmax(dimension: 1, isLogarithm: true)
        let y = try compute(softmax, logits)[0]
        let fused = try compute(SoftmaxCrossEntropy(loss), logits, classes, weight)
        #expect(try fused == [y] + compute(loss, y, classes, weight))
        let dy = Numbers([1, 2, 3])
        let separate = try compute(NegativeLogLikelihoodGradient(loss, inputShape: [3, 3]), dy, classes, weight)[0]
        #expect(
            try compute(SoftmaxCrossEntropyGradient(loss), y, dy, classes, weight)
                == compute(SoftmaxGradient(softmax), y, separate))
    }
}

@Suite struct BatchNormalizationTests {
    private let x = Numbers([1, 2, 3, 4, 5, 6, 7, 9], [2, 2, 2], .float64)
    private let gamma = Numbers([2, 3], nil, .float64)
    private let beta = Numbers([0.5, -1], nil, .float64)

    /// The numbers of PyTorch's batch_norm in double precision, to ten digits.
    @Test func forwardAndGradient() throws {
        let results = try compute(BatchNormalization(epsilon: 1e-5, isAffine: true), x, gamma, beta)
        let y = [
            -1.9253533970, -0.9552120382, -4.4593369200, -3.2013962218, 1.9552120382, 2.9253533970, 0.5724258727,
            3.0883072691,
        ]
        #expect(isClose(results[0].values, y, tolerance: 1e-9))
        #expect(results[1].values == [3.5, 5.75])
        #expect(results[2].values == [4.25, 5.6875])
        #expect(isClose(results[3].values, [1 / 4.25001.squareRoot(), 1 / 5.68751.squareRoot()], tolerance: 1e-15))
        let dy = Numbers([1, -2, 0.5, 3, 0, 2, 1, -1], [2, 2, 2], .float64)
        let gradients = try compute(BatchNormalizationGradient(), dy, x, results[1], results[3], gamma)
        let dx = [
            1.5122773307, -1.7120152704, -1.7832323102, 1.8385301801, -0.7133381266, 0.9130760663, 0.7533810183,
            -0.8086788883,
        ]
        #expect(isClose(gradients[0].values, dx, tolerance: 1e-9))
        #expect(isClose(gradients[1].values, [2.6678887367, -3.6165795073], tolerance: 1e-9))
        #expect(isClose(gradients[2].values, [1, 3.5], tolerance: 1e-15))
    }

    @Test func withoutParameters() throws {
        let plain = try compute(BatchNormalization(epsilon: 1e-5, isAffine: false), x)
        let ones = Numbers([1, 1], nil, .float64)
        let zeros = Numbers([0, 0], nil, .float64)
        #expect(try plain == compute(BatchNormalization(epsilon: 1e-5, isAffine: true), x, ones, zeros))
    }
}
