import Testing

@testable import ApusGraph

@Suite struct RandomTests {
    private func draw(
        _ count: Int, _ distribution: RandomNumbers.Distribution, _ dtype: DType, seed: Double = 5, position: Double = 0
    ) throws -> [Double] {
        let primitive = RandomNumbers(shape: [count], distribution: distribution, dtype: dtype)
        return try compute(primitive, Numbers([seed, position], nil, .int64))[0].values
    }

    static let distributions: [RandomNumbers.Distribution] = [
        .uniform(low: -1, high: 3), .normal(mean: 2, standardDeviation: 0.5), .integers(low: -3, high: 9),
    ]

    /// A stream that starts later is the rest of the stream, so elements can be drawn in any order.
    @Test(arguments: distributions, [DType.float32, .float64])
    func elementsDependOnTheirBlockOnly(_ distribution: RandomNumbers.Distribution, _ dtype: DType) throws {
        let perBlock = dtype == .float32 ? 4 : 2
        let all = try draw(101, distribution, dtype)
        #expect(try draw(101 - 6 * perBlock, distribution, dtype, position: 6) == Array(all[(6 * perBlock)...]))
        #expect(try draw(101, distribution, dtype, seed: 6) != all)
    }

    /// Means and deviations of 40,000 numbers within 5 standard errors, which a right generator misses once in a
    /// million; the seed is fixed.
    @Test(arguments: [DType.float32, .float64]) func moments(_ dtype: DType) throws {
        let count = 40_000
        func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
            let mean = values.reduce(0, +) / Double(count)
            return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot())
        }
        let root = Double(count).squareRoot()
        let normal = try draw(count, .normal(mean: 2, standardDeviation: 0.5), dtype)
        #expect(abs(moments(normal).mean - 2) < 5 * 0.5 / root)
        #expect(abs(moments(normal).deviation - 0.5) < 5 * 0.5 / (2.0.squareRoot() * root))
        // P(|z| < 1) of the normal distribution is 0.6827.
        let near = Double(normal.count { abs($0 - 2) < 0.5 }) / Double(count)
        #expect(abs(near - 0.6827) < 5 * 0.466 / root)
        let uniform = try draw(count, .uniform(low: -1, high: 3), dtype)
        #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
        #expect(abs(moments(uniform).mean - 1) < 5 * 1.1547 / root)
        // The standard error of the deviation of a uniform distribution of width 4 is 0.516 / √n.
        #expect(abs(moments(uniform).deviation - 4 / 12.0.squareRoot()) < 5 * 0.516 / root)
    }

    /// The interval is so narrow that rounding would reach its end often.
    @Test(arguments: [DType.float32, .float64]) func upperBoundIsExcluded(_ dtype: DType) throws {
        let high = dtype == .float32 ? Double(Float(1).nextUp.nextUp) : 1.0.nextUp.nextUp
        let values = try draw(4_000, .uniform(low: 1, high: high), dtype)
        #expect(values.allSatisfy { $0 >= 1 && $0 < high })
        #expect(Set(values).count == 2)
    }

    @Test(arguments: [DType.uint8, .int64, .float32, .float64, .bool]) func integers(_ dtype: DType) throws {
        let high = dtype == .bool ? 2 : 6
        let values = try draw(6_000, .integers(low: 0, high: high), dtype)
        #expect(Set(values) == Set((0..<high).map(Double.init)))
        // 5 standard errors of a frequency p of 6,000 draws.
        let p = 1 / Double(high)
        let bound = 5 * (p * (1 - p) * 6_000).squareRoot()
        for number in 0..<high { #expect(abs(Double(values.count { $0 == Double(number) }) - 6_000 * p) < bound) }
    }

    @Test func realDistributionsOfIntegersAreRefused() throws {
        #expect(throws: TensorError.self) { try draw(4, .uniform(low: 0, high: 1), .int64) }
    }
}
