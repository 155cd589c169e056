import Testing

@testable import ApusGraph

@Suite struct ReductionTests {
    private let x = Numbers([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2])

    private static let sumCases: [([Int], [Double], Shape)] = [
        ([0], [8, 10, 12, 14, 16, 18], [3, 2]), ([1], [9, 12, 27, 30], [2, 2]), ([0, 2], [18, 26, 34], [3]),
        ([0, 1, 2], [78], []), ([], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]),
    ]

    @Test(arguments: sumCases) func sums(dimensions: [Int], expected: [Double], shape: Shape) throws {
        #expect(try compute(Reduction(.sum, dimensions, keepDim: false), x) == [Numbers(expected, shape)])
        let kept = try compute(Reduction(.sum, dimensions, keepDim: true), x)[0]
        #expect(kept.values == expected)
        #expect(kept.shape.rank == 3)
    }

    /// 2²⁴ ones and more cannot be counted in `float32`.
    @Test func float32SumsAreExactBeforeRounding() throws {
        let values = [16_777_216] + [Double](repeating: 1, count: 100)
        #expect(try compute(Reduction(.sum, [0], keepDim: false), Numbers(values))[0].values == [16_777_316])
    }

    @Test func otherKinds() throws {
        let nan = Double.nan
        func reduce(_ kind: Reduction.Kind, _ values: [Double], _ dtype: DType = .float32) throws -> Numbers {
            try compute(Reduction(kind, [0], keepDim: false), Numbers(values, nil, dtype))[0]
        }
        #expect(try reduce(.mean, [1, 2, 6]) == Numbers([3], []))
        #expect(try reduce(.mean, []).values[0].isNaN)
        #expect(try reduce(.sum, []) == Numbers([0], []))
        #expect(try reduce(.prod, [2, 3, 4], .int64) == Numbers([24], [], .int64))
        #expect(try reduce(.prod, []) == Numbers([1], []))
        #expect(try reduce(.sum, [1, 1, 0], .bool) == Numbers([2], [], .int64))
        #expect(try reduce(.sum, [200, 100], .uint8) == Numbers([300], [], .int64))
        #expect(try reduce(.amax, [1, nan, 3]).values[0].isNaN)
        #expect(try reduce(.amin, [1, -4, 3], .int64) == Numbers([-4], [], .int64))
        #expect(try reduce(.amax, [-7, -4, -9]) == Numbers([-4], []))
        #expect(try reduce(.any, [0, nan]) == Numbers([1], [], .bool))
        #expect(try reduce(.any, [0, 0], .uint8) == Numbers([0], [], .bool))
        #expect(try reduce(.all, [1, 2], .int64) == Numbers([1], [], .bool))
        #expect(try reduce(.all, [1, 0]) == Numbers([0], [], .bool))
        #expect(try reduce(.all, []) == Numbers([1], [], .bool))
    }

    @Test func positions() throws {
        let x = Numbers([1, 5, 5, 7, 2, 2], [2, 3])
        func position(_ isMaximum: Bool, _ dimension: Int, _ x: Numbers) throws -> [Double] {
            try compute(ArgReduction(isMaximum: isMaximum, dimension: dimension, keepDim: false), x)[0].values
        }
        #expect(try position(true, 1, x) == [1, 0])
        #expect(try position(false, 1, x) == [0, 1])
        #expect(try position(true, 0, x) == [1, 0, 0])
        #expect(try position(true, 0, Numbers([1, .nan, .nan, 3])) == [1])
        #expect(try position(false, 0, Numbers([1, .nan, .nan, 3])) == [1])
        #expect(try position(true, 0, Numbers([3, 9, 9], nil, .uint8)) == [1])
        #expect(try position(true, 0, Numbers([3], [])) == [0])
    }
}
