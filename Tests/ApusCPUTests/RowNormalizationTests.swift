import ApusGraph
import ApusTestSupport
import Testing

/// A normalisation and the rows that it gets.
private struct RowCase: CustomStringConvertible {
    var outer: Int
    var groups: Int
    var channels: Int
    var run: Int
    var subtractsMean = true
    var hasScale = true
    var hasShift = true

    var description: String {
        "[\(outer), \(groups), \(channels), \(run)]\(subtractsMean ? "" : ", mean square")"
            + "\(hasScale ? ", scale" : "")\(hasShift ? ", shift" : "")"
    }

    var shape: Shape { [outer, groups * channels, run] }
    var primitive: RowNormalization {
        RowNormalization(
            groups: groups, channels: channels, run: run, epsilon: 1e-5, subtractsMean: subtractsMean,
            hasScale: hasScale, hasShift: hasShift)
    }

    static func random(using generator: inout SeededGenerator) -> RowCase {
        let isLayer = generator.chance(0.4)
        return RowCase(
            outer: generator.int(1...9), groups: isLayer ? 1 : generator.int(1...4),
            channels: isLayer ? generator.int(2...150) : generator.int(1...5), run: isLayer ? 1 : generator.int(2...70),
            subtractsMean: generator.chance(0.7), hasScale: generator.chance(0.7), hasShift: generator.chance(0.7))
    }
}

@Suite("Normalisation of rows of the CPU agrees with the reference")
struct RowNormalizationTests {
    /// Ways of the gradient: columns summed in pieces of rows and one by one, channels, many short rows, long ones.
    private static let large = [
        RowCase(outer: 3000, groups: 1, channels: 17, run: 1), RowCase(outer: 7, groups: 1, channels: 4500, run: 1),
        RowCase(outer: 150, groups: 3, channels: 1700, run: 1), RowCase(outer: 2, groups: 2, channels: 3, run: 3001),
        RowCase(outer: 300, groups: 4, channels: 2, run: 1, subtractsMean: false),
    ]

    private static let cases =
        large
        + (0..<40).map { seed in
            var generator = SeededGenerator(seed: 4_200 + seed)
            return RowCase.random(using: &generator)
        }

    private func inputs(_ test: RowCase, _ generator: inout SeededGenerator) -> [TestArray] {
        let parameters = (test.hasScale ? 1 : 0) + (test.hasShift ? 1 : 0)
        return [TestArray.random(test.shape, in: -1...2, using: &generator)]
            + (0..<parameters).map { _ in
                TestArray.random([test.groups * test.channels], in: -2...2, using: &generator)
            }
    }

    @Test("forward", arguments: cases.indices)
    func forward(index: Int) throws {
        let test = Self.cases[index]
        var generator = SeededGenerator(seed: 4_300 + index)
        let inputs = inputs(test, &generator)
        let actual = try KernelRunner.cpu(test.primitive, inputs)
        let expected = try KernelRunner.reference(test.primitive, inputs)
        // As for batch norm: the errors of mean and variance enter by way of the inverse.
        let tolerance = sumTolerance(test.channels * test.run)
        let inverse = expected[3].largest
        for (result, scale) in [4 * (inverse + inverse * inverse * inverse) + 4, 2, 4].enumerated() {
            expectAgreement(actual[result], expected[result], "\(test), result \(result)") { _ in tolerance * scale }
        }
        expectAgreement(actual[3], expected[3], "\(test), inverse") {
            let inverse = expected[3].values[$0]
            return tolerance * inverse * (1 + 4 * inverse * inverse)
        }
    }

    @Test("gradient", arguments: cases.indices)
    func gradient(index: Int) throws {
        let test = Self.cases[index]
        var generator = SeededGenerator(seed: 4_400 + index)
        let inputs = inputs(test, &generator)
        let dy = TestArray.random(test.shape, using: &generator)
        let forward = try KernelRunner.reference(test.primitive, inputs)
        let gradient = RowNormalizationGradient(test.primitive)
        let operands = [dy, inputs[0], forward[1], forward[3]] + (test.hasScale ? [inputs[1]] : [])
        let actual = try KernelRunner.cpu(gradient, operands)
        let expected = try KernelRunner.reference(gradient, operands)
        // |x̂| ≤ 2 · inverse + 1 by the range of x, |g| ≤ 2.
        let inverse = forward[3].largest
        let normalized = 3 * inverse + 1
        let error = sumTolerance(test.channels * test.run) * (1 + inverse)
        expectAgreement(actual[0], expected[0], "\(test), dx") { _ in
            4 * inverse * error * (2 + normalized * normalized)
        }
        guard test.hasScale || test.hasShift else { return }
        let terms = test.outer * test.run
        let sumError = sumTolerance(terms) * (1 + inverse) * Double(terms)
        expectAgreement(actual[1], expected[1], "\(test), dγ") { _ in sumError * normalized }
        expectAgreement(actual[2], expected[2], "\(test), dβ") { _ in sumError }
    }

    @Test("the same bits on any number of threads", arguments: large.indices)
    func repeats(index: Int) throws {
        let test = Self.large[index]
        var generator = SeededGenerator(seed: 4_500 + index)
        let inputs = inputs(test, &generator)
        let dy = TestArray.random(test.shape, using: &generator)
        let forward = try KernelRunner.reference(test.primitive, inputs)
        let gradient = RowNormalizationGradient(test.primitive)
        let operands = [dy, inputs[0], forward[1], forward[3], inputs[1]]
        let results = try (1...4).map { count in
            try KernelRunner.withWorkers(count) { try KernelRunner.cpu(gradient, operands).map(\.values) }
        }
        for result in results.dropFirst() { #expect(result == results[0], "\(test)") }
    }

    @Test("equal elements have no gradient, however small ε is")
    func constantRows() throws {
        for norm in [
            RowNormalization(groups: 1, channels: 2, run: 1, epsilon: 1e-12, hasScale: false, hasShift: false),
            RowNormalization(groups: 1, channels: 1, run: 2, epsilon: 1e-12, hasScale: false, hasShift: false),
        ] {
            let x = TestArray([3.1, 3.1, -0.7, -0.7], [2, 2])
            let dy = TestArray([0.3, 0.3, 1.7, 1.7], [2, 2])
            let forward = try KernelRunner.cpu(norm, [x])
            #expect(forward[0].values == [0, 0, 0, 0])
            let dx = try KernelRunner.cpu(RowNormalizationGradient(norm), [dy, x, forward[1], forward[3]])[0]
            #expect(dx.values == [0, 0, 0, 0])
        }
    }
}
