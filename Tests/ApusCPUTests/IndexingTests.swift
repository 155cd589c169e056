import ApusTestSupport
import Testing

@testable import ApusCPU
@testable import ApusGraph

@Suite("Taking, putting and sorting on the CPU agree with the reference")
struct IndexingTests {
    static let shapes: [Shape] = [
        [1], [7], [65], [3, 5], [1, 9], [33, 2], [2, 67], [3, 1, 5], [5, 3, 17], [2, 3, 5, 7], [700, 3], [2, 700],
        [3, 40, 40],
    ]

    /// Positions below `size` in an array of a shape.
    private func positions(_ shape: Shape, below size: Int, using generator: inout SeededGenerator) -> TestArray {
        TestArray((0..<shape.elementCount).map { _ in Double(generator.int(0...(size - 1))) }, shape, .int64)
    }

    @Test("gathering and scattering along every dimension", arguments: shapes)
    func elements(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_000 + shape.elementCount)
        for dimension in 0..<shape.rank {
            for count in [1, 3, 2 * shape[dimension]] {
                var sizes = shape
                sizes[dimension] = count
                let index = positions(sizes, below: shape[dimension], using: &generator)
                for dtype in [DType.float32, .int64, .uint8] {
                    let x = TestArray.random(shape, dtype, using: &generator)
                    let source = TestArray.random(sizes, dtype, using: &generator)
                    try expectSameElements(Gather(dimension), [x, index])
                    try expectSameElements(Scatter(dimension, adds: false), [x, index, source])
                }
                let x = TestArray.random(shape, using: &generator)
                let source = TestArray.random(sizes, using: &generator)
                try expectSameSums(Scatter(dimension, adds: true), [x, index, source], terms: [count + 1])
            }
        }
    }

    @Test("slices along every dimension", arguments: shapes)
    func slices(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_100 + shape.elementCount)
        for dimension in 0..<shape.rank {
            for count in [1, 3, 2 * shape[dimension]] {
                let index = positions([count], below: shape[dimension], using: &generator)
                var sizes = shape
                sizes[dimension] = count
                for dtype in [DType.float32, .int64, .bool] {
                    let x = TestArray.random(shape, dtype, using: &generator)
                    try expectSameElements(IndexSelect(dimension), [x, index])
                }
                let x = TestArray.random(shape, using: &generator)
                let source = TestArray.random(sizes, using: &generator)
                try expectSameSums(IndexAdd(dimension), [x, index, source], terms: [count + 1])
                try expectSameSums(IndexAdd(dimension, frozenPosition: 0), [x, index, source], terms: [count + 1])
            }
        }
    }

    @Test("sorting with ties, infinities, zeros of both signs and NaN", arguments: shapes + [[30_000], [9_000, 2]])
    func sorting(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_200 + shape.elementCount)
        let plain = TestArray.random(shape, using: &generator)
        let ties = TestArray.withTies(shape, using: &generator)
        let special = plain.sprinkled(.nan, 0.1, using: &generator).sprinkled(-.infinity, 0.1, using: &generator)
            .sprinkled(.infinity, 0.1, using: &generator).sprinkled(-0.0, 0.1, using: &generator)
            .sprinkled(0, 0.1, using: &generator)
        for x in [plain, ties, special] {
            for dimension in 0..<shape.rank {
                for isDescending in [false, true] {
                    try expectSameElements(Sort(dimension, isDescending: isDescending), [x])
                    for k in Set([1, shape[dimension] / 2, min(40, shape[dimension])]) where k > 0 {
                        try expectSameElements(TopK(k, dimension, takesLargest: isDescending), [x])
                    }
                }
            }
        }
    }

    @Test("running sums and products, both ways", arguments: shapes)
    func scans(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_300 + shape.elementCount)
        for dimension in 0..<shape.rank {
            let x = TestArray.random(shape, using: &generator)
            let nearOne = TestArray.random(shape, in: 0.99...1.01, using: &generator)
            for isReversed in [false, true] {
                try expectSameSums(
                    Scan(.sum, dimension, isReversed: isReversed), [x], terms: [shape[dimension]])
                try expectSameSums(
                    Scan(.product, dimension, isReversed: isReversed), [nearOne], terms: [shape[dimension]])
            }
        }
    }

    @Test("rolling and triangles", arguments: shapes)
    func movement(shape: Shape) throws {
        var generator = SeededGenerator(seed: 3_400 + shape.elementCount)
        for dtype in [DType.float32, .int64, .bool] {
            let x = TestArray.random(shape, dtype, using: &generator)
            for dimension in 0..<shape.rank {
                for shift in Set([0, 1 % shape[dimension], shape[dimension] - 1]) {
                    try expectSameElements(Roll(shift, dimension), [x])
                }
            }
            guard shape.rank >= 2 else { continue }
            for diagonal in [-100, -2, -1, 0, 1, 3, 100, .max, .min] {
                try expectSameElements(Triangle(isUpper: true, diagonal: diagonal), [x])
                try expectSameElements(Triangle(isUpper: false, diagonal: diagonal), [x])
            }
        }
    }

    @Test("one-hot vectors")
    func oneHot() throws {
        var generator = SeededGenerator(seed: 3_500)
        try expectSameElements(OneHot(5), [positions([3, 7], below: 5, using: &generator)])
    }

    /// The message of what a kernel throws.
    private func refusal(_ primitive: any Primitive, _ inputs: [TestArray]) -> String {
        do {
            _ = try KernelRunner.cpu(primitive, inputs)
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test("positions out of range are named, by both backends alike")
    func outOfRange() throws {
        let x = TestArray([Double](repeating: 1, count: 6), [2, 3])
        let one = TestArray([1, 1], [2, 1])
        for wrong in [3, -1, 1e15] {
            let index = TestArray([0, wrong], [2, 1], .int64)
            let vector = TestArray([0, wrong], [2], .int64)
            let column = TestArray([1, 1, 1, 1], [2, 2])
            for (primitive, inputs) in [
                (Gather(1), [x, index]), (Scatter(1, adds: false), [x, index, one]),
                (Scatter(1, adds: true), [x, index, one]), (IndexSelect(1), [x, vector]),
                (IndexAdd(1), [x, vector, column]), (OneHot(3), [vector]),
            ] as [(any Primitive, [TestArray])] {
                let message = refusal(primitive, inputs)
                #expect(message.hasPrefix("\(primitive.name): "))
                #expect(message.contains("\(Int(wrong)) at [1"), "\(message)")
                #expect(message.contains("from 0 to 2"), "\(message)")
                #expect(throws: TensorError.self) { try KernelRunner.reference(primitive, inputs) }
            }
        }
    }
}
