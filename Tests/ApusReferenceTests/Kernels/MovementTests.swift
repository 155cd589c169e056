import Testing

@testable import ApusGraph
@testable import ApusReference

/// Kernels that only move elements, for all widths of them.
@Suite struct MovementTests {
    static let types: [DType] = [.bool, .uint8, .float32, .int64, .float64]

    /// 0, 1, 2 … for numbers; every third true for `bool`.
    private func count(_ shape: Shape, _ dtype: DType) -> Numbers {
        Numbers((0..<shape.elementCount).map { dtype == .bool ? ($0 % 3 == 0 ? 1 : 0) : Double($0) }, shape, dtype)
    }

    private func expect(
        _ primitive: any Primitive, _ inputs: [Numbers], picks places: [Int], _ shape: Shape,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let all = inputs.flatMap(\.values)
        let result = try compute(primitive, inputs)
        #expect(result == [Numbers(places.map { all[$0] }, shape, inputs[0].dtype)], sourceLocation: location)
    }

    @Test(arguments: types) func moves(_ dtype: DType) throws {
        let matrix = count([2, 3], dtype)
        try expect(Permute([1, 0]), [matrix], picks: [0, 3, 1, 4, 2, 5], [3, 2])
        try expect(Permute([2, 0, 1]), [count([2, 1, 3], dtype)], picks: [0, 3, 1, 4, 2, 5], [3, 2, 1])
        try expect(Permute([]), [count([], dtype)], picks: [0], [])
        try expect(Flip(dimensions: [1]), [matrix], picks: [2, 1, 0, 5, 4, 3], [2, 3])
        try expect(Flip(dimensions: [0, 1]), [matrix], picks: [5, 4, 3, 2, 1, 0], [2, 3])
        try expect(
            Expand([2, 2, 3]), [count([2, 1], dtype)], picks: [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1], [2, 2, 3])
        try expect(Expand([3]), [count([], dtype)], picks: [0, 0, 0], [3])
        try expect(Reshape([3, 2]), [matrix], picks: [0, 1, 2, 3, 4, 5], [3, 2])
        try expect(Slice(starts: [0, 1], counts: [2, 1], steps: [1, 1]), [matrix], picks: [1, 4], [2, 1])
        try expect(Slice(starts: [1, 0], counts: [1, 2], steps: [1, 2]), [matrix], picks: [3, 5], [1, 2])
        try expect(Slice(starts: [0, 0], counts: [0, 3], steps: [1, 1]), [matrix], picks: [], [0, 3])
        // The second tensor's elements are numbered after the first one's.
        try expect(
            Concatenate(1), [matrix, count([2, 1], dtype)], picks: [0, 1, 2, 6, 3, 4, 5, 7], [2, 4])
        try expect(
            Concatenate(0), [matrix, count([0, 3], dtype), count([1, 3], dtype)], picks: [0, 1, 2, 3, 4, 5, 6, 7, 8],
            [3, 3])
    }

    @Test func sliceAssignment() throws {
        let x = count([3, 4], .int64)
        let box = Numbers([-1, -2, -3, -4], [2, 2], .int64)
        let assign = SliceAssign(Slice(starts: [1, 0], counts: [2, 2], steps: [1, 3]))
        let expected: [Double] = [0, 1, 2, 3, -1, 5, 6, -2, -3, 9, 10, -4]
        #expect(try compute(assign, x, box)[0].values == expected)
        // In place.
        let storages = [x.spec, box.spec].map { Storage(byteCount: $0.byteCount) }
        MutableArrayView(storages[0].pointer, x.spec).store(x.values)
        MutableArrayView(storages[1].pointer, box.spec).store(box.values)
        let pointers = [storages[0].pointer, storages[1].pointer, storages[0].pointer]
        try run(assign, [x.spec, box.spec], [x.spec], pointers)
        #expect(ArrayView(UnsafeRawPointer(storages[0].pointer), x.spec).reals() == expected)
    }

    @Test(arguments: types) func fills(_ dtype: DType) throws {
        #expect(try compute(Fill([2, 2], 1, dtype)) == [Numbers([1, 1, 1, 1], [2, 2], dtype)])
        guard dtype != .bool else { return }
        let numbers = Arange(start: 7, end: 1, step: -2, dtype: dtype)
        #expect(try compute(numbers) == [Numbers([7, 5, 3], [3], dtype)])
    }

    @Test func arangeDoesNotAddUpItsErrors() throws {
        let last = try compute(Arange(start: 0, end: 1, step: 0.1, dtype: .float64))[0].values[7]
        #expect(last == 7 * 0.1)
    }
}
