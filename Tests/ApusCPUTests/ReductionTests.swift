import ApusTestSupport
import Testing

@testable import ApusCPU
@testable import ApusGraph

@Suite("Reductions of the CPU agree with the reference")
struct ReductionTests {
    /// All sets of dimensions but the empty one.
    private func subsets(_ rank: Int) -> [[Int]] {
        (1..<(1 << rank)).map { bits in (0..<rank).filter { bits >> $0 & 1 == 1 } }
    }

    private static let shapes: [Shape] = [
        [1], [7], [65], [3, 5], [1, 9], [33, 2], [2, 67], [3, 1, 5], [5, 3, 17], [2, 3, 5, 7], [4, 1, 33, 2],
        [2, 3, 2, 3, 2],
    ]

    @Test("sums and means over all sets of dimensions", arguments: shapes)
    func sums(shape: Shape) throws {
        var generator = SeededGenerator(seed: 2_000 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator)
        for dimensions in subsets(shape.rank) {
            let count = dimensions.reduce(1) { $0 * shape[$1] }
            for (kind, keepDim) in [(Reduction.Kind.sum, false), (.sum, true), (.mean, false), (.mean, true)] {
                try expectSameSums(Reduction(kind, dimensions, keepDim: keepDim), [x], terms: [count])
            }
        }
    }

    @Test(
        "long sums, whose rows are cut into pieces",
        arguments: [[70_000], [3, 65_536], [2, 40_001], [65_552, 5], [2, 32_768, 3]] as [Shape])
    func longSums(shape: Shape) throws {
        var generator = SeededGenerator(seed: 2_050 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator)
        for dimensions in subsets(shape.rank) {
            let count = dimensions.reduce(1) { $0 * shape[$1] }
            try expectSameSums(Reduction(.sum, dimensions, keepDim: false), [x], terms: [count])
            try expectSameElements(Reduction(.amax, dimensions, keepDim: true), [x])
        }
    }

    @Test("products over all sets of dimensions", arguments: shapes)
    func products(shape: Shape) throws {
        var generator = SeededGenerator(seed: 2_100 + shape.elementCount)
        // Near 1, so that a product of many stays in range.
        let x = TestArray.random(shape, in: 0.9...1.1, using: &generator)
        for dimensions in subsets(shape.rank) {
            try expectSameSums(
                Reduction(.prod, dimensions, keepDim: false), [x], terms: [dimensions.reduce(1) { $0 * shape[$1] }])
        }
    }

    @Test("extremes over all sets of dimensions, with NaN", arguments: shapes, [0, 0.1])
    func extremes(shape: Shape, nanProbability: Double) throws {
        var generator = SeededGenerator(seed: 2_200 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator)
            .sprinkled(-.infinity, 0.1, using: &generator)
            .sprinkled(.nan, nanProbability, using: &generator)
        for dimensions in subsets(shape.rank) {
            for kind in [Reduction.Kind.amax, .amin] {
                try expectSameElements(Reduction(kind, dimensions, keepDim: false), [x])
            }
        }
    }

    @Test("positions of extremes, with ties and NaN", arguments: shapes, [0, 0.1])
    func positions(shape: Shape, nanProbability: Double) throws {
        var generator = SeededGenerator(seed: 2_300 + shape.elementCount)
        let x = TestArray.withTies(shape, using: &generator).sprinkled(.nan, nanProbability, using: &generator)
        for dimension in 0..<shape.rank {
            for isMaximum in [true, false] {
                for keepDim in [true, false] {
                    try expectSameElements(
                        ArgReduction(isMaximum: isMaximum, dimension: dimension, keepDim: keepDim), [x])
                }
            }
        }
    }

    @Test("truths, integers and empty tensors have no kernel of the CPU")
    func otherTypes() throws {
        let integers = try KernelRunner.place(TestArray([1, 2], [2], .int64))
        #expect(try KernelRunner.cpu(Reduction(.sum, [0], keepDim: false), [integers]) == nil)
        let reals = try KernelRunner.place(TestArray([1, 0], [2]))
        #expect(try KernelRunner.cpu(Reduction(.any, [0], keepDim: false), [reals]) == nil)
        let empty = try KernelRunner.place(TestArray([], [0, 3]))
        #expect(try KernelRunner.cpu(Reduction(.sum, [0], keepDim: false), [empty]) == nil)
    }
}
