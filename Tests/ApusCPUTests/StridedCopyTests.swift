import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusGraph

@Suite("Copies of the CPU agree with the reference")
struct StridedCopyTests {
    private static let dtypes = DType.allCases

    @Test("dimensions in another order", arguments: dtypes, 0..<8)
    func permute(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_000 + seed)
        let shape = generator.shape(rank: seed % 5 + 1)
        let x = TestArray.random(shape, dtype, using: &generator)
        try expectSameElements(Permute((0..<shape.rank).shuffled(using: &generator)), [x])
    }

    @Test("transposed matrices of more than a block", arguments: dtypes)
    func transpose(dtype: DType) throws {
        var generator = SeededGenerator(seed: 5_050)
        for shape in [[67, 131], [3, 33, 65], [300, 2], [2, 300]] as [Shape] {
            let x = TestArray.random(shape, dtype, using: &generator)
            var order = Array(0..<shape.rank)
            order.swapAt(shape.rank - 1, shape.rank - 2)
            try expectSameElements(Permute(order), [x])
        }
    }

    @Test("stretched dimensions", arguments: dtypes, 0..<8)
    func expand(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_100 + seed)
        let target = generator.shape(rank: seed % 4 + 1)
        // New dimensions in front, and some sizes of 1.
        let source = Shape(
            target.dimensions.dropFirst(generator.int(0...target.rank)).map { generator.chance(0.5) ? 1 : $0 })
        try expectSameElements(Expand(target), [.random(source, dtype, using: &generator)])
    }

    @Test("reversed dimensions", arguments: dtypes, 0..<6)
    func flip(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_200 + seed)
        let shape = generator.shape(rank: seed % 4 + 1)
        let dimensions = (0..<shape.rank).filter { _ in generator.chance(0.6) }
        try expectSameElements(Flip(dimensions: dimensions), [.random(shape, dtype, using: &generator)])
    }

    private func randomSlice(_ shape: Shape, using generator: inout SeededGenerator) -> Slice {
        var slice = (starts: [Int](), counts: [Int](), steps: [Int]())
        for size in shape {
            let (start, step) = (generator.int(0...(size - 1)), generator.int(1...3))
            slice.starts.append(start)
            slice.steps.append(step)
            slice.counts.append(generator.int(1...((size - start - 1) / step + 1)))
        }
        return Slice(starts: slice.starts, counts: slice.counts, steps: slice.steps)
    }

    @Test("boxes", arguments: dtypes, 0..<8)
    func slice(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_300 + seed)
        let shape = generator.shape(rank: seed % 4 + 1)
        let x = TestArray.random(shape, dtype, using: &generator)
        try expectSameElements(randomSlice(shape, using: &generator), [x])
    }

    @Test("assignment to boxes, in place and not", arguments: dtypes, 0..<8)
    func sliceAssign(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_400 + seed)
        let shape = generator.shape(rank: seed % 4 + 1)
        let x = TestArray.random(shape, dtype, using: &generator)
        let slice = randomSlice(shape, using: &generator)
        let box = TestArray.random(Shape(slice.counts), dtype, using: &generator)
        try expectSameElements(SliceAssign(slice), [x, box])
        let placed = [try KernelRunner.place(x), try KernelRunner.place(box)]
        let result = try #require(try KernelRunner.cpu(SliceAssign(slice), placed, overwriting: 0))[0]
        #expect(result.memory === placed[0].memory)
        expectAgreement(try KernelRunner.read(result), try KernelRunner.reference(SliceAssign(slice), [x, box])[0])
    }

    @Test("one after the other", arguments: dtypes, 0..<8)
    func concatenate(dtype: DType, seed: Int) throws {
        var generator = SeededGenerator(seed: 5_500 + seed)
        let shape = generator.shape(rank: seed % 4 + 1)
        let dimension = generator.int(0...(shape.rank - 1))
        // One of the pieces is empty in half of the cases.
        var sizes = (0..<generator.int(1...4)).map { _ in generator.int(1...5) }
        if generator.chance(0.5) { sizes.append(0) }
        let pieces = sizes.map { size in
            var piece = shape
            piece[dimension] = size
            return TestArray.random(piece, dtype, using: &generator)
        }
        try expectSameElements(Concatenate(dimension), pieces)
    }

    @Test("one value")
    func fill() throws {
        for shape in [[], [1], [9_001], [3, 0]] as [Shape] {
            try expectSameElements(Fill(shape, -1.5, .float32), [])
        }
        let none: [Placed] = []
        #expect(try KernelRunner.cpu(Fill([2], 1, .int64), none) == nil)
    }

    @Test("more dimensions than the kernel has are left to the reference")
    func manyDimensions() throws {
        let shape = Shape([Int](repeating: 2, count: 9))
        let x = try KernelRunner.place(TestArray((0..<512).map(Double.init), shape))
        #expect(try KernelRunner.cpu(Permute((0..<9).reversed()), [x]) == nil)
        // Dimensions that stay side by side count as one.
        try expectSameElements(Permute(Array(1..<9) + [0]), [TestArray((0..<512).map(Double.init), shape)])
    }
}
