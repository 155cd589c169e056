import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

@Suite("Losses of the CPU agree with the reference")
struct LossTests {
    private static let planes: [Shape] = [
        [1, 1, 2], [2, 3, 1], [2, 3, 5], [3, 21, 7, 9], [1, 2, 300], [2, 1_000, 17], [2, 5, 3, 2, 2], [1, 33, 257],
    ]

    @Test("softmax over planes and its gradient", arguments: planes, [false, true])
    func softmaxOfPlanes(shape: Shape, isLogarithm: Bool) throws {
        var generator = SeededGenerator(seed: 4_000 + shape.elementCount)
        let x = TestArray.random(shape, in: -20...20, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        let softmax = Softmax(dimension: 1, isLogarithm: isLogarithm)
        let y = try KernelRunner.reference(softmax, [x])[0]
        let tolerance = sumTolerance(shape[1]) + 80 * roundingUnit
        expectAgreement(try KernelRunner.cpu(softmax, [x])[0], y, "\(softmax)") {
            tolerance * (isLogarithm ? max(1, y.values[$0].magnitude) : y.values[$0])
        }
        let gradient = SoftmaxGradient(softmax)
        let expected = try KernelRunner.reference(gradient, [y, dy])[0]
        expectAgreement(try KernelRunner.cpu(gradient, [y, dy])[0], expected, "\(gradient)") { _ in
            tolerance * Double(shape[1] + 1)
        }
    }

    @Test("softmax over planes does not depend on how the positions are shared out")
    func repeatability() throws {
        var generator = SeededGenerator(seed: 4_050)
        let x = TestArray.random([3, 7, 1_001], in: -9...9, using: &generator)
        let softmax = Softmax(dimension: 1, isLogarithm: true)
        let expected = try KernelRunner.withWorkers(1) { try KernelRunner.cpu(softmax, [x]) }
        for count in 2...4 {
            #expect(
                try KernelRunner.withWorkers(count) { try KernelRunner.cpu(softmax, [x])[0].values }
                    == expected[0].values)
        }
    }

    @Test("NaN and infinite logits")
    func extremeLogits() throws {
        let x = TestArray([.nan, 1, -.infinity, 2, 3, .infinity], [1, 3, 2])
        let y = try KernelRunner.cpu(Softmax(dimension: 1, isLogarithm: true), [x])[0]
        #expect(y.values.indices.filter { !y.values[$0].isNaN } == [])
        let z = TestArray([0, -.infinity, -.infinity, 2], [1, 2, 2])
        #expect(try KernelRunner.cpu(Softmax(dimension: 1, isLogarithm: false), [z])[0].values == [1, 0, 0, 1])
    }

    @Test(
        "negative log-likelihood and cross-entropy, with ignored classes and weights",
        arguments: planes + [[1, 1], [5, 3], [33, 10]], [false, true])
    func classes(shape: Shape, isWeighted: Bool) throws {
        var generator = SeededGenerator(seed: 4_100 + shape.elementCount)
        let classes = shape[1]
        var sizes = shape.dimensions
        sizes.remove(at: 1)
        let x = TestArray.random(shape, in: -5...5, using: &generator)
        let dy = TestArray.random(Shape(sizes), using: &generator)
        let weight = isWeighted ? [TestArray.random([classes], in: 0.1...2, using: &generator)] : []
        for ignored in [-100, 0, nil] {
            let labels = TestArray(
                dy.values.map { _ in
                    Double(generator.chance(0.2) ? ignored ?? 0 : generator.int(0...(classes - 1)))
                }, Shape(sizes), .int64)
            let loss = NegativeLogLikelihood(ignoreIndex: ignored, isWeighted: isWeighted)
            try expectSameElements(loss, [x, labels] + weight)
            try expectSameElements(NegativeLogLikelihoodGradient(loss, inputShape: shape), [dy, labels] + weight)

            let forward = SoftmaxCrossEntropy(loss)
            let actual = try KernelRunner.cpu(forward, [x, labels] + weight)
            let expected = try KernelRunner.reference(forward, [x, labels] + weight)
            let tolerance = 2 * (sumTolerance(classes) + 20 * roundingUnit)
            for output in 0..<2 {
                expectAgreement(actual[output], expected[output], "\(forward), result \(output)") {
                    tolerance * max(1, expected[output].values[$0].magnitude)
                }
            }
            expectAgreement(actual[2], expected[2])
            let backward = SoftmaxCrossEntropyGradient(loss)
            let inputs = [expected[0], dy, labels] + weight
            let dx = try KernelRunner.reference(backward, inputs)[0]
            expectAgreement(try KernelRunner.cpu(backward, inputs)[0], dx, "\(backward)") { _ in
                2 * sumTolerance(classes)
            }
        }
    }

    @Test("a class out of range in a plane throws, and names its place")
    func classOutOfRange() throws {
        let loss = NegativeLogLikelihood(ignoreIndex: nil, isWeighted: false)
        let labels = TestArray([0, 1, 2, 3], [1, 2, 2], .int64)
        let x = TestArray([Double](repeating: 1, count: 12), [1, 3, 2, 2])
        for inputs in [[x, labels]] {
            let error = #expect(throws: TensorError.self) { try KernelRunner.cpu(loss, inputs) }
            #expect(error?.message.contains("the class 3 of sample [0, 1, 1] is out of range for 3 classes") == true)
        }
        let gradient = NegativeLogLikelihoodGradient(loss, inputShape: x.shape)
        #expect(throws: TensorError.self) {
            try KernelRunner.cpu(gradient, [TestArray([1, 1, 1, 1], [1, 2, 2]), labels])
        }
    }

    @Test("binary cross-entropy", arguments: [[1], [17], [3, 5, 7], [20_001]] as [Shape])
    func binary(shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_200 + shape.elementCount)
        var x = TestArray.random(shape, in: 0...1, using: &generator)
        x = x.sprinkled(0, 0.1, using: &generator).sprinkled(1, 0.1, using: &generator)
        x = x.sprinkled(1e-9, 0.1, using: &generator).sprinkled(1e-38, 0.05, using: &generator)
        let y = TestArray.random(shape, in: 0...1, using: &generator).sprinkled(1, 0.2, using: &generator)
        let expected = try KernelRunner.reference(BinaryCrossEntropy(), [x, y])[0]
        expectAgreement(try KernelRunner.cpu(BinaryCrossEntropy(), [x, y])[0], expected) {
            8 * roundingUnit * max(expected.values[$0], 1e-9)
        }
    }

    @Test("numbers that are no probabilities throw, and the first is named", arguments: [-0.1, 1.5, .nan])
    func noProbabilities(value: Double) throws {
        let count = 30_000
        for isTarget in [false, true] {
            var wrong = TestArray([Double](repeating: 0.5, count: count))
            let right = wrong
            wrong.values[19_999] = Double(Float(value))
            wrong.values[25_000] = 7
            let inputs = isTarget ? [right, wrong] : [wrong, right]
            for run in [KernelRunner.cpu, KernelRunner.reference]
                as [(any Primitive, [TestArray]) throws -> [TestArray]]
            {
                let error = #expect(throws: TensorError.self) { try run(BinaryCrossEntropy(), inputs) }
                let text = "element 19999 of the \(isTarget ? "target" : "input") is"
                #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test("the floor of variances")
    func variances() throws {
        var generator = SeededGenerator(seed: 4_300)
        let x = TestArray.random([3, 7_001], in: 0...1, using: &generator).sprinkled(.nan, 0.01, using: &generator)
        try expectSameElements(VarianceFloor(0.25), [x])
        var negative = x
        negative.values[9_000] = -1e-30
        let error = #expect(throws: TensorError.self) { try KernelRunner.cpu(VarianceFloor(0.25), [negative]) }
        #expect(error?.message.contains("element 9000 of the variance is -1") == true)
    }

    @Test("multi-label margins", arguments: [[1, 1], [4, 3], [7, 17], [5, 100]] as [Shape])
    func labels(shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_400 + shape.elementCount)
        let classes = shape[1]
        let x = TestArray.random(shape, in: -2...2, using: &generator)
        let labels = TestArray(
            (0..<shape.elementCount).map { _ in
                Double(generator.chance(0.2) ? -1 : generator.int(0...(classes - 1)))
            }, shape, .int64)
        let expected = try KernelRunner.reference(MultiLabelMargin(), [x, labels])[0]
        let terms = classes * classes
        expectAgreement(try KernelRunner.cpu(MultiLabelMargin(), [x, labels])[0], expected) {
            sumTolerance(terms) * max(5, expected.values[$0])
        }
        let dy = TestArray.random([shape[0]], using: &generator)
        let gradient = MultiLabelMarginGradient()
        let dx = try KernelRunner.reference(gradient, [dy, x, labels])[0]
        expectAgreement(try KernelRunner.cpu(gradient, [dy, x, labels])[0], dx) { _ in
            sumTolerance(terms) * Double(classes)
        }
        var wrong = labels
        wrong.values[wrong.values.count - 1] = Double(classes)
        let error = #expect(throws: TensorError.self) { try KernelRunner.cpu(MultiLabelMargin(), [x, wrong]) }
        #expect(error?.message.contains("the label \(classes) of sample \(shape[0] - 1)") == true)
    }
}
