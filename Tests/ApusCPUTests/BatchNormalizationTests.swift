import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

@Suite("Batch normalisation of the CPU agrees with the reference")
struct BatchNormalizationTests {
    private static let shapes: [Shape] = [
        [2, 1], [5, 3], [17, 33], [130, 40], [64, 16], [3, 20, 1, 1], [2, 3, 7],
        [3, 5, 7, 9], [1, 2, 3, 3], [4, 17, 1, 1], [2, 2, 3, 2, 5],
        [16, 16, 8, 8],
    ]

    private func terms(_ shape: Shape) -> Int { shape.elementCount / shape[1] }

    @Test("forward", arguments: shapes, [false, true])
    func forward(shape: Shape, isAffine: Bool) throws {
        var generator = SeededGenerator(seed: 4_000 + shape.elementCount)
        let x = TestArray.random(shape, in: -1...2, using: &generator)
        let parameters =
            isAffine ? [-2.0...2, -1...1].map { TestArray.random([shape[1]], in: $0, using: &generator) } : []
        let norm = BatchNormalization(epsilon: 1e-5, isAffine: isAffine)
        let actual = try KernelRunner.cpu(norm, [x] + parameters)
        let expected = try KernelRunner.reference(norm, [x] + parameters)
        let tolerance = sumTolerance(terms(shape))
        let largestInverse = expected[3].largest
        // y = (x − mean) · inverse · γ + β: an error of the mean is multiplied by the inverse, and |x|, |γ| ≤ 2. That
        // of the variance, relative to (|x| · inverse)², enters 1 / √ by half.
        let scale = 4 * (largestInverse + largestInverse * largestInverse * largestInverse) + 4
        expectAgreement(actual[0], expected[0], "y of \(shape.brackets)") { _ in tolerance * scale }
        expectAgreement(actual[1], expected[1], "mean of \(shape.brackets)") { _ in tolerance * x.largest }
        expectAgreement(actual[2], expected[2], "variance of \(shape.brackets)") { _ in
            tolerance * x.largest * x.largest
        }
        expectAgreement(actual[3], expected[3], "inverse of \(shape.brackets)") {
            let inverse = expected[3].values[$0]
            return tolerance * inverse * (1 + x.largest * x.largest * inverse * inverse)
        }
    }

    @Test("lanes with places for no image become blocks of channels, or rows where channels fill no block")
    func raggedLanes() throws {
        let block = WinogradPolicy.channelBlock
        for (shape, expected) in [
            ([20, 2 * block, 3, 3], try .channelBlocks(of: block, [20, 2 * block, 3, 3])),
            ([20, 2 * block + 1, 3, 3], .plain), ([32, 2 * block, 3, 3], .lanes([32, 2 * block, 3, 3])),
        ] as [(Shape, PhysicalLayout)] {
            let image = PlannedValue(TensorSpec(shape, .float32), .lanes(shape))
            let numbers = (0..<3).map { _ in PlannedValue(TensorSpec([shape[1]], .float32)) }
            let norm = BatchNormalization(epsilon: 1e-5, isAffine: false)
            let step = StepDescription(
                norm, inputs: [image], outputs: [PlannedValue(image.spec)] + numbers, uses: [])
            let layouts = try #require(try norm.layouts(for: step))
            #expect(layouts.inputs[0] == expected, "\(shape.brackets)")
            #expect(layouts.outputs[0] == expected, "\(shape.brackets)")
        }
    }

    @Test("gradient", arguments: shapes)
    func gradient(shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_100 + shape.elementCount)
        let x = TestArray.random(shape, in: -1...2, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        let gamma = TestArray.random([shape[1]], in: -2...2, using: &generator)
        let forward = try KernelRunner.reference(BatchNormalization(epsilon: 1e-5, isAffine: false), [x])
        let inputs = [dy, x, forward[1], forward[3], gamma]
        let actual = try KernelRunner.cpu(BatchNormalizationGradient(), inputs)
        let expected = try KernelRunner.reference(BatchNormalizationGradient(), inputs)
        let tolerance = sumTolerance(terms(shape))
        // x̂ is y without γ and β; |dy| ≤ 1. Its own error is a unit of |x| · inverse.
        let (normalized, inverse) = (forward[0].largest + 1, forward[3].largest)
        let error = tolerance * (1 + inverse)
        expectAgreement(actual[0], expected[0], "dx of \(shape.brackets)") { _ in
            2 * inverse * error * (2 + normalized * normalized)
        }
        expectAgreement(actual[1], expected[1], "dγ of \(shape.brackets)") { _ in
            error * normalized * Double(terms(shape))
        }
        expectAgreement(actual[2], expected[2], "dβ of \(shape.brackets)") { _ in tolerance * Double(terms(shape)) }
    }

    /// Shapes that fill sixteen lanes with images and with channels; tiles of one image and of several, of which the last
    /// one has fewer.
    private static let laneShapes: [Shape] = [
        [16, 16, 3, 5], [32, 48, 1, 1], [16, 32, 9, 8], [48, 16, 3, 3], [80, 32, 2, 2], [144, 16, 1, 1],
    ]

    @Test("in lanes and blocks, as row-major", arguments: LanesKind.allCases, laneShapes)
    func layouts(kind: LanesKind, shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_150 + shape.elementCount)
        let (x, dy) = (TestArray.random(shape, using: &generator), TestArray.random(shape, using: &generator))
        let parameters = (0..<2).map { _ in TestArray.random([shape[1]], using: &generator) }
        let norm = BatchNormalization(epsilon: 1e-2, isAffine: true)
        let statistics = try KernelRunner.reference(norm, [x] + parameters)
        // Where x comes first, and where the gradient has it second.
        let given = [x, statistics[1], statistics[3]] + parameters
        let backward = [dy, x, statistics[1], statistics[3], parameters[0]]
        for (primitive, inputs, position) in [
            (norm, [x] + parameters, 0), (ChannelNormalization(), given, 0),
            (BatchNormalizationGradient(), backward, 1),
            (BatchNormalizationGradient(usesBatchStatistics: false), backward, 1),
            (FusedBatchNormalization(norm, addsInput: false), [x] + parameters, 0),
            (FusedBatchNormalization(norm, addsInput: true), [x] + parameters + [dy], 0),
            // Any tensor serves as the result of the forward pass: its sign decides.
            (FusedBatchNormalizationGradient(BatchNormalizationGradient()), backward + [dy], 1),
        ] as [(any Primitive, [TestArray], Int)] {
            var placed = try inputs.map { try KernelRunner.place($0) }
            placed[position] = try KernelRunner.place(inputs[position], try kind.layout(x.spec))
            let results = try #require(try KernelRunner.cpu(primitive, placed))
            #expect(results[0].planned.layout == (try kind.layout(x.spec)))
            for (number, expected) in try KernelRunner.reference(primitive, inputs).enumerated() {
                // Sums of at most 2,304 products of numbers below 3, times an inverse of at most 10.
                expectAgreement(
                    try KernelRunner.read(results[number]), expected, "\(primitive), result \(number)"
                ) { sumTolerance(terms(shape)) * 100 * max(1, abs(expected.values[$0])) }
            }
        }
    }

    @Test("with ReLU and an addend, row-major", arguments: [[3, 5, 7, 9], [17, 33], [2, 3, 7]] as [Shape])
    func fused(shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_170 + shape.elementCount)
        let (x, z) = (TestArray.random(shape, using: &generator), TestArray.random(shape, using: &generator))
        let norm = BatchNormalization(epsilon: 1e-2, isAffine: false)
        let forward = FusedBatchNormalization(norm, addsInput: true)
        let results = try KernelRunner.reference(forward, [x, z])
        let gamma = TestArray.random([shape[1]], using: &generator)
        let gradient = FusedBatchNormalizationGradient(BatchNormalizationGradient())
        for (primitive, inputs) in [
            (forward, [x, z]), (gradient, [z, x, results[1], results[3], gamma, results[0]]),
        ] as [(any Primitive, [TestArray])] {
            let actual = try KernelRunner.cpu(primitive, inputs)
            for (number, expected) in try KernelRunner.reference(primitive, inputs).enumerated() {
                // As below: sums of numbers below 3, times an inverse of at most 10.
                expectAgreement(actual[number], expected, "\(primitive), result \(number)") {
                    sumTolerance(terms(shape)) * 100 * max(1, abs(expected.values[$0]))
                }
            }
        }
    }

    /// Its statistics are those of whole groups of sixteen images.
    @Test("lanes that are not full become row-major")
    func partLanes() throws {
        var generator = SeededGenerator(seed: 4_155)
        let x = TestArray.random([13, 5, 3, 4], using: &generator)
        let norm = BatchNormalization(epsilon: 1e-2, isAffine: false)
        let placed = try KernelRunner.place(x, .lanes(x.shape))
        let actual = try #require(try KernelRunner.cpu(norm, [placed]))
        #expect(actual[0].planned.layout == .plain)
        for (actual, expected) in zip(actual, try KernelRunner.reference(norm, [x])) {
            expectAgreement(try KernelRunner.read(actual), expected) { _ in 100 * sumTolerance(156) }
        }
    }

    @Test(
        "the same bits on any number of threads where channels lie side by side", arguments: [[1000, 40], [130, 16]])
    func threads(sizes: [Int]) throws {
        var generator = SeededGenerator(seed: 4_160)
        let x = TestArray.random(Shape(sizes), using: &generator)
        let norm = BatchNormalization(epsilon: 1e-5, isAffine: false)
        let statistics = try KernelRunner.reference(norm, [x])
        let gamma = TestArray.random([sizes[1]], using: &generator)
        for (primitive, inputs) in [
            (norm, [x]), (BatchNormalizationGradient(), [x, x, statistics[1], statistics[3], gamma]),
        ] as [(any Primitive, [TestArray])] {
            let results = try (1...4).map { count in
                try KernelRunner.withWorkers(count) { try KernelRunner.cpu(primitive, inputs).map(\.values) }
            }
            for result in results.dropFirst() { #expect(result == results[0], "\(primitive)") }
        }
    }
}
