import ApusGraph
import Testing

@Suite struct PadTests {
    private func padded(_ mode: PadMode, _ before: Int, _ after: Int, value: Double = 0) throws -> [Double] {
        let pad = Pad(before: [before], after: [after], mode: mode, value: value)
        return try compute(pad, Numbers([1, 2, 3, 4]))[0].values
    }

    @Test func rows() throws {
        #expect(try padded(.constant, 2, 1, value: 9) == [9, 9, 1, 2, 3, 4, 9])
        #expect(try padded(.constant, -1, 2, value: 9) == [2, 3, 4, 9, 9])
        #expect(try padded(.constant, -2, -2) == [])
        #expect(try padded(.reflect, 3, 2) == [4, 3, 2, 1, 2, 3, 4, 3, 2])
        #expect(try padded(.reflect, 3, -3) == [4, 3, 2, 1])
        #expect(try padded(.replicate, 2, 3) == [1, 1, 1, 2, 3, 4, 4, 4, 4])
        #expect(try padded(.replicate, -5, 3) == [4, 4])
        #expect(try padded(.circular, 4, 3) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3])
        // What is left is what wraps around.
        #expect(try padded(.circular, -1, 2) == [2, 3, 4, 2, 3])
    }

    @Test(arguments: [DType.bool, .uint8, .float32, .int64, .float64]) func types(_ dtype: DType) throws {
        let pad = Pad(before: [1, 0], after: [0, 1], mode: .constant, value: dtype.isFloatingPoint ? 1.5 : 1)
        let fill = dtype.isFloatingPoint ? 1.5 : 1
        let result = try compute(pad, Numbers([0, 1, 1, 0], [2, 2], dtype))[0]
        #expect(result == Numbers([fill, fill, fill, 0, 1, fill, 1, 0, fill], [3, 3], dtype))
    }

    @Test func aValueLosesItsFractionInIntegers() throws {
        let pad = Pad(before: [1], after: [0], mode: .constant, value: -2.7)
        #expect(try compute(pad, Numbers([5], [1], .int64))[0].values == [-2, 5])
    }

    @Test func gradientsOfCopiesAreAdded() throws {
        let pad = Pad(before: [1, 1], after: [0, 1], mode: .replicate)
        let gradient = PadGradient(pad, inputShape: [1, 2])
        let dy = Numbers([1, 2, 4, 8, 16, 32, 64, 128], [2, 4])
        #expect(try compute(gradient, dy)[0] == Numbers([1 + 2 + 16 + 32, 4 + 8 + 64 + 128], [1, 2]))
    }
}
