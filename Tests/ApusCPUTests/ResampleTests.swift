import ApusGraph
import ApusTestSupport
import Testing

@testable import ApusCPU

@Suite("Resampling of the CPU agrees with the reference")
struct ResampleTests {
    private static let filters: [ResamplingFilter] = [
        .nearest, .nearestExact, .linear(alignsCorners: false), .linear(alignsCorners: true),
        .cubic(alignsCorners: false), .cubic(alignsCorners: true), .area,
        .antialiased(.linear, alignsCorners: false), .antialiased(.cubic, alignsCorners: true),
        .antialiased(.lanczos, alignsCorners: false),
    ]

    /// The largest sum of absolute weights, and of taps, of a result or of a gradient.
    private func terms(_ resample: Resample, _ input: Shape) -> (forward: Int, backward: Int) {
        var terms = (forward: 1, backward: 1)
        for dimension in resample.outputSizes.indices {
            let size = input[dimension + 2]
            let taps = resample.taps(dimension, inputSize: size, isSinglePrecision: true)
            terms.forward *= taps.positions.map(\.count).max() ?? 1
            terms.backward *= max(taps.transposed(size: size).positions.map(\.count).max() ?? 1, 1)
        }
        return terms
    }

    private func check(_ resample: Resample, _ shape: Shape, using generator: inout SeededGenerator) throws {
        let x = TestArray.random(shape, using: &generator)
        let dy = TestArray.random(Shape(shape.dimensions.prefix(2) + resample.outputSizes), using: &generator)
        let gradient = ResampleGradient(resample, inputShape: shape)
        let terms = terms(resample, shape)
        for (primitive, input, count) in [
            (resample, x, terms.forward), (gradient, dy, terms.backward),
        ] as [(any Primitive, TestArray, Int)] {
            let actual = try KernelRunner.cpu(primitive, [input])[0]
            let expected = try KernelRunner.reference(primitive, [input])[0]
            // Weights beyond ±1 occur in no filter; a result may be a small difference of larger ones.
            let tolerance = input.largest * Double(count) * 4 * roundingUnit
            expectAgreement(actual, expected, "\(primitive) of \(shape.brackets)") { _ in tolerance }
        }
    }

    @Test("in 1 to 3 dimensions, larger and smaller", arguments: filters, 0..<9)
    func random(filter: ResamplingFilter, seed: Int) throws {
        var generator = SeededGenerator(seed: 7_000 + seed)
        let rank = seed % 3 + 1
        // Enough for whole vectors and what is left of them, but little work for the reference.
        let largest = [70, 24, 6][rank - 1]
        let input = generator.shape(rank: rank, upTo: rank == 3 ? 5 : 11)
        let shape = Shape([generator.int(1...3), generator.int(1...3)] + input)
        var (sizes, scales) = ([Int](), [Double?]())
        for size in input {
            if generator.chance(0.5) {
                sizes.append(generator.int(1...largest))
                scales.append(nil)
            } else {
                let scale = Double.random(in: max(0.3, 1 / Double(size))...3.5, using: &generator)
                sizes.append(max(1, Int(Double(size) * scale)))
                scales.append(scale)
            }
        }
        try check(Resample(outputSizes: sizes, scales: scales, filter: filter), shape, using: &generator)
    }

    @Test("planes that the threads share")
    func large() throws {
        var generator = SeededGenerator(seed: 7_100)
        for filter in Self.filters {
            let resample = Resample(outputSizes: [37, 70], scales: [nil, 2], filter: filter)
            try check(resample, [2, 3, 21, 35], using: &generator)
        }
    }

    @Test("NaN and infinity stay where they are")
    func specialNumbers() throws {
        let x = TestArray([1, .nan, 3, 4, .infinity, 6], [1, 1, 2, 3])
        for filter in [.nearest, .linear(alignsCorners: false), .area] as [ResamplingFilter] {
            let resample = Resample(outputSizes: [3, 37], scales: [nil, nil], filter: filter)
            let (actual, expected) = (
                try KernelRunner.cpu(resample, [x])[0], try KernelRunner.reference(resample, [x])[0]
            )
            expectAgreement(actual, expected) { _ in 8 * roundingUnit * 8 }
            #expect(expected.values.contains { $0.isNaN } && expected.values.contains { $0.isFinite })
        }
        // A gradient that is not a number reaches only what it was made of.
        let dy = TestArray([1, .nan, 1, 1, 1, 1], [1, 1, 1, 6])
        let nearest = Resample(outputSizes: [1, 6], scales: [nil, nil], filter: .nearest)
        let dx = try KernelRunner.cpu(ResampleGradient(nearest, inputShape: [1, 1, 1, 4]), [dy])[0]
        #expect(dx.values.map(\.isNaN) == [true, false, false, false])
    }

    @Test("other types and empty batches are left to the reference")
    func unsupported() throws {
        let nearest = Resample(outputSizes: [2], scales: [nil], filter: .nearest)
        #expect(try KernelRunner.cpu(nearest, [try KernelRunner.place(TestArray([1], [1, 1, 1], .float64))]) == nil)
        #expect(try KernelRunner.cpu(nearest, [try KernelRunner.place(TestArray([], [0, 1, 1]))]) == nil)
    }
}
