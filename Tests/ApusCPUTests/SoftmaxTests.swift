import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@Suite("Softmax and cross-entropy of the CPU agree with the reference")
struct SoftmaxTests {
    private static let shapes: [Shape] = [[1, 1], [5, 3], [3, 10], [7, 17], [2, 3, 33], [65, 1_000], [9]]

    /// The error of x − max is a unit of the largest difference; eˣ turns it into a relative one.
    private func tolerance(_ classes: Int, range: Double) -> Double {
        sumTolerance(classes) + 2 * range * roundingUnit
    }

    @Test("softmax and its logarithm", arguments: shapes, [1.0, 80])
    func forward(shape: Shape, range: Double) throws {
        var generator = SeededGenerator(seed: 3_000 + shape.elementCount)
        let x = TestArray.random(shape, in: -range...range, using: &generator)
        for isLogarithm in [false, true] {
            let softmax = Softmax(dimension: shape.rank - 1, isLogarithm: isLogarithm)
            let (actual, expected) = (
                try KernelRunner.cpu(softmax, [x])[0], try KernelRunner.reference(softmax, [x])[0]
            )
            let tolerance = tolerance(shape[-1], range: 2 * range)
            expectAgreement(actual, expected, "\(softmax)") {
                // The smallest denormal number is the least that two results can differ by.
                isLogarithm
                    ? tolerance * max(1, expected.values[$0].magnitude)
                    : tolerance * expected.values[$0] + Double(Float.leastNonzeroMagnitude)
            }
        }
    }

    @Test("gradients", arguments: shapes)
    func gradients(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_100 + shape.elementCount)
        let x = TestArray.random(shape, in: -3...3, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        for isLogarithm in [false, true] {
            let softmax = Softmax(dimension: shape.rank - 1, isLogarithm: isLogarithm)
            let y = try KernelRunner.reference(softmax, [x])[0]
            let gradient = SoftmaxGradient(softmax)
            let actual = try KernelRunner.cpu(gradient, [y, dy])[0]
            let expected = try KernelRunner.reference(gradient, [y, dy])[0]
            // |dy| ≤ 1, so that no sum in the formula exceeds the number of classes.
            let tolerance = sumTolerance(shape[-1]) * Double(shape[-1] + 1)
            expectAgreement(actual, expected, "\(gradient)") { _ in tolerance }
        }
    }

    @Test(
        "cross-entropy with ignored classes and weights",
        arguments: [[1, 1], [5, 3], [33, 10], [7, 129]] as [Shape], [false, true])
    func crossEntropy(shape: Shape, isWeighted: Bool) throws {
        var generator = SeededGenerator(seed: 3_200 + shape.elementCount)
        let (count, classes) = (shape[0], shape[1])
        let x = TestArray.random(shape, in: -5...5, using: &generator)
        for ignored in [-100, 0] {
            let labels = TestArray(
                (0..<count).map { _ in Double(generator.chance(0.2) ? ignored : generator.int(0...(classes - 1))) },
                [count], .int64)
            let weight = isWeighted ? [TestArray.random([classes], in: 0.1...2, using: &generator)] : []
            let loss = NegativeLogLikelihood(ignoreIndex: ignored, isWeighted: isWeighted)
            let forward = SoftmaxCrossEntropy(loss)
            let actual = try KernelRunner.cpu(forward, [x, labels] + weight)
            let expected = try KernelRunner.reference(forward, [x, labels] + weight)
            let tolerance = tolerance(classes, range: 10)
            for output in 0..<2 {
                expectAgreement(actual[output], expected[output], "\(forward), result \(output)") {
                    2 * tolerance * max(1, expected[output].values[$0].magnitude)
                }
            }
            expectAgreement(actual[2], expected[2])

            let backward = SoftmaxCrossEntropyGradient(loss)
            let dy = TestArray.random([count], using: &generator)
            let inputs = [expected[0], dy, labels] + weight
            let dx = try KernelRunner.reference(backward, inputs)[0]
            // (softmax − one-hot) · w · dy, whose factors are at most 2.
            expectAgreement(try KernelRunner.cpu(backward, inputs)[0], dx, "\(backward)") { _ in
                2 * sumTolerance(classes)
            }
        }
    }

    @Test("a class out of range throws", arguments: [3.0, -1])
    func classOutOfRange(label: Double) throws {
        let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
        let labels = TestArray([0, label], [2], .int64)
        let x = TestArray([1, 2, 3, 4, 5, 6], [2, 3])
        let error = #expect(throws: TensorError.self) {
            try KernelRunner.cpu(SoftmaxCrossEntropy(loss), [x, labels])
        }
        #expect(error?.message.contains("sample 1 is out of range for 3 classes") == true)
        #expect(throws: TensorError.self) {
            try KernelRunner.cpu(SoftmaxCrossEntropyGradient(loss), [x, TestArray([1, 1]), labels])
        }
    }

    /// Planes narrower than a vector, of whole vectors, and with a ragged end; one class, and many.
    private static let planes: [(shape: Shape, dimension: Int)] = [
        ([3, 4], 0), ([2, 5, 1], 1), ([1, 3, 16], 1), ([2, 3, 17], 1), ([2, 7, 5, 13], 1), ([300, 1, 64], 1),
        ([3, 300, 67], 1), ([70, 2, 3], 0), ([4, 6, 4_001], 0), ([1, 1, 129], 0),
    ]

    @Test("along other dimensions than the last", arguments: planes)
    func columns(shape: Shape, dimension: Int) throws {
        var generator = SeededGenerator(seed: 3_300 + shape.elementCount)
        let x = TestArray.random(shape, in: -5...5, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        let classes = shape[dimension]
        for isLogarithm in [false, true] {
            let softmax = Softmax(dimension: dimension, isLogarithm: isLogarithm)
            let y = try KernelRunner.reference(softmax, [x])[0]
            let tolerance = tolerance(classes, range: 10)
            expectAgreement(try KernelRunner.cpu(softmax, [x])[0], y, "\(softmax) of \(shape)") {
                tolerance * max(isLogarithm ? 1 : 0, y.values[$0].magnitude)
            }
            let gradient = SoftmaxGradient(softmax)
            let dx = try KernelRunner.reference(gradient, [y, dy])[0]
            let gradientTolerance = sumTolerance(classes) * Double(classes + 1)
            expectAgreement(try KernelRunner.cpu(gradient, [y, dy])[0], dx, "\(gradient) of \(shape)") { _ in
                gradientTolerance
            }
        }
    }

    @Test("NaN and infinities along other dimensions")
    func columnsOfSpecialValues() throws {
        let x = TestArray([.nan, 1, -.infinity, .infinity, 2, 3, -.infinity, 5, 4, 100, -.infinity, 6], [3, 4])
        for isLogarithm in [false, true] {
            let softmax = Softmax(dimension: 0, isLogarithm: isLogarithm)
            let expected = try KernelRunner.reference(softmax, [x])[0]
            expectAgreement(try KernelRunner.cpu(softmax, [x])[0], expected) { _ in 1e-5 }
        }
    }

    @Test("other types have no kernel of the CPU")
    func otherTypes() throws {
        let x = try KernelRunner.place(TestArray([1, 2, 3, 4], [2, 2], .float64))
        #expect(try KernelRunner.cpu(Softmax(dimension: 0, isLogarithm: false), [x]) == nil)
    }
}
