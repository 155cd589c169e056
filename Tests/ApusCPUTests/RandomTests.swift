import ApusGraph
import ApusTestSupport
import Testing

@Suite("Random numbers of the CPU are those of the reference")
struct RandomTests {
    /// Whole groups of the kernel, parts of them, and several threads' work.
    private static let counts = [1, 3, 4, 63, 64, 65, 127, 1_000, 40_001]
    /// Positions whose carry reaches the upper half of the counter.
    private static let keys: [TestArray] = [
        TestArray([5, 0], nil, .int64), TestArray([1_234_567_890_123, 4_294_967_290], nil, .int64),
        TestArray([-1, 77], nil, .int64),
    ]

    private static let exact: [RandomNumbers.Distribution] = [
        .uniform(low: 0, high: 1), .uniform(low: -0.3, high: 0.7), .uniform(low: 1, high: 1.0000002),
        .uniform(low: 2, high: 2), .bernoulli(probability: 0), .bernoulli(probability: 0.3),
        .bernoulli(probability: 1),
    ]

    @Test("bit for bit", arguments: exact, counts)
    func sameBits(distribution: RandomNumbers.Distribution, count: Int) throws {
        for key in Self.keys {
            try expectSameElements(
                RandomNumbers(shape: [count], distribution: distribution, dtype: .float32), [key])
        }
    }

    @Test("integers", arguments: [(0, 10), (-5, 3), (Int.min, Int.max), (0, 1)], counts)
    func integers(range: (Int, Int), count: Int) throws {
        for key in Self.keys {
            try expectSameElements(
                RandomNumbers(
                    shape: [count], distribution: .integers(low: range.0, high: range.1), dtype: .int64), [key])
        }
    }

    @Test("normal numbers to rounding", arguments: [(0.0, 1.0), (3.0, 0.5), (-2.0, 0.0)], counts)
    func normal(moments: (Double, Double), count: Int) throws {
        let (mean, deviation) = moments
        let primitive = RandomNumbers(
            shape: [count], distribution: .normal(mean: mean, standardDeviation: deviation), dtype: .float32)
        for key in Self.keys {
            let actual = try KernelRunner.cpu(primitive, [key])[0]
            let expected = try KernelRunner.reference(primitive, [key])[0]
            // Logarithm, root, sine and their product round by a unit each.
            expectAgreement(actual, expected, "\(primitive)") { (index: Int) -> Double in
                let distance = abs(expected.values[index] - mean)
                return roundingUnit * (8 * distance + 4 * deviation + 2 * abs(mean))
            }
        }
    }

    @Test("the same on any number of threads")
    func threads() throws {
        let key = Self.keys[1]
        for distribution in [Self.exact[1], .normal(mean: 0, standardDeviation: 1)] {
            let primitive = RandomNumbers(shape: [100_003], distribution: distribution, dtype: .float32)
            let results = try (1...4).map { count in
                try KernelRunner.withWorkers(count) { try KernelRunner.cpu(primitive, [key])[0].values }
            }
            for result in results.dropFirst() { #expect(result == results[0]) }
        }
    }

    @Test("dropout keeps the same elements", arguments: [0, 0.1, 0.5, 0.999, 1], counts)
    func dropout(probability: Double, count: Int) throws {
        var generator = SeededGenerator(seed: 4_700 + count)
        let x = TestArray.random([count], using: &generator).sprinkled(.nan, 0.05, using: &generator)
            .sprinkled(.infinity, 0.05, using: &generator)
        for key in Self.keys {
            let actual = try KernelRunner.cpu(RandomDropout(probability), [x, key])[0]
            let expected = try KernelRunner.reference(RandomDropout(probability), [x, key])[0]
            expectAgreement(actual, expected, "p \(probability)") { 2 * roundingUnit * abs(expected.values[$0]) }
        }
    }

    @Test("dropout over its own input")
    func dropoutInPlace() throws {
        var generator = SeededGenerator(seed: 4_800)
        let x = TestArray.random([1_001], using: &generator)
        let placed = try [x, Self.keys[0]].map { try KernelRunner.place($0) }
        let results = try #require(try KernelRunner.cpu(RandomDropout(0.5), placed, overwriting: 0))
        expectAgreement(
            try KernelRunner.read(results[0]), try KernelRunner.reference(RandomDropout(0.5), [x, Self.keys[0]])[0])
    }

    @Test("types without a kernel are left to the reference")
    func otherTypes() throws {
        let key = try KernelRunner.place(Self.keys[0])
        let uniform = RandomNumbers(shape: [4], distribution: .uniform(low: 0, high: 1), dtype: .float64)
        #expect(try KernelRunner.cpu(uniform, [key]) == nil)
        let bytes = RandomNumbers(shape: [4], distribution: .integers(low: 0, high: 9), dtype: .uint8)
        #expect(try KernelRunner.cpu(bytes, [key]) == nil)
    }
}
