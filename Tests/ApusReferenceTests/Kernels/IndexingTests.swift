import Testing

@testable import ApusGraph
@testable import ApusReference

/// Kernels that take and put elements by position, and orders, against written numbers.
@Suite struct IndexingTests {
    private let matrix = Numbers([1, 2, 3, 4, 5, 6], [2, 3], .float64)

    private func positions(_ values: [Double], _ shape: Shape? = nil) -> Numbers { Numbers(values, shape, .int64) }

    @Test func gathers() throws {
        #expect(try compute(Gather(1), matrix, positions([2, 0], [2, 1]))[0].values == [3, 4])
        #expect(try compute(Gather(0), matrix, positions([1, 0, 1], [1, 3]))[0].values == [4, 2, 6])
    }

    @Test func scatters() throws {
        let index = positions([2, 2, 0, 1], [2, 2])
        let source = Numbers([10, 20, 30, 40], [2, 2], .float64)
        // The last of two elements for one place stands; added, both count.
        #expect(try compute(Scatter(1, adds: false), matrix, index, source)[0].values == [1, 2, 20, 30, 40, 6])
        #expect(try compute(Scatter(1, adds: true), matrix, index, source)[0].values == [1, 2, 33, 34, 45, 6])
    }

    @Test func selectsAndAddsSlices() throws {
        let index = positions([2, 0, 2])
        #expect(try compute(IndexSelect(1), matrix, index)[0].values == [3, 1, 3, 6, 4, 6])
        let source = Numbers([1, 2, 3, 4, 5, 6], [2, 3], .float64)
        #expect(try compute(IndexAdd(1), matrix, index, source)[0].values == [3, 2, 7, 9, 5, 16])
        #expect(
            try compute(IndexAdd(1, frozenPosition: 2), matrix, index, source)[0].values == [3, 2, 3, 9, 5, 6])
    }

    @Test func sorts() throws {
        let x = Numbers([2, .nan, -1, 2, .infinity], nil, .float64)
        let ascending = try compute(Sort(0, isDescending: false), x)
        #expect(ascending[1].values == [2, 0, 3, 4, 1])
        #expect(isClose(ascending[0].values, [-1, 2, 2, .infinity, .nan], tolerance: 0))
        #expect(try compute(Sort(0, isDescending: true), x)[1].values == [1, 4, 0, 3, 2])
        #expect(try compute(TopK(2, 0, takesLargest: false), x)[1].values == [2, 0])
        #expect(try compute(TopK(3, 0, takesLargest: true), x)[1].values == [1, 4, 0])
        let columns = Numbers([3, 1, 2, 5, 1, 0], [3, 2], .int64)
        #expect(try compute(Sort(0, isDescending: false), columns)[0].values == [1, 0, 2, 1, 3, 5])
    }

    @Test func scans() throws {
        #expect(try compute(Scan(.sum, 1), matrix)[0].values == [1, 3, 6, 4, 9, 15])
        #expect(try compute(Scan(.sum, 0, isReversed: true), matrix)[0].values == [5, 7, 9, 4, 5, 6])
        #expect(try compute(Scan(.product, 1), matrix)[0].values == [1, 2, 6, 4, 20, 120])
        let truths = Numbers([1, 0, 1], nil, .bool)
        #expect(try compute(Scan(.sum, 0), truths)[0] == Numbers([1, 1, 2], nil, .int64))
    }

    @Test func rollsAndCuts() throws {
        #expect(try compute(Roll(1, 1), matrix)[0].values == [3, 1, 2, 6, 4, 5])
        #expect(try compute(Triangle(isUpper: false, diagonal: 0), matrix)[0].values == [1, 0, 0, 4, 5, 0])
        #expect(try compute(Triangle(isUpper: true, diagonal: 1), matrix)[0].values == [0, 2, 3, 0, 0, 6])
        #expect(try compute(OneHot(3), positions([2, 0]))[0].values == [0, 0, 1, 1, 0, 0])
    }

    /// What double precision does not hold, and casts of what an integer does not hold.
    @Test func integersAreExact() throws {
        let large: Int64 = 9_007_199_254_740_993
        let full = Tensor.full([2], large)
        #expect(full.dtype == .int64)
        #expect(Fill([2], large, .int64) != Fill([2], large - 1, .int64))
        #expect(Fill([2], large, .int64).integer == large)
        #expect(Fill([2], Int64(7), .int64).integer == nil)
        for (value, expected) in [
            (Double.nan, Int64.min), (.infinity, .min), (-.infinity, .min), (0x1p63, .min), (-0x1p63, .min),
            (-1.9, -1), (3e9, 3_000_000_000),
        ] {
            #expect(Int64(truncating: value) == expected)
        }
    }
}
