import ApusTestSupport
import Testing

@testable import ApusCPU
@testable import ApusGraph
@testable import ApusPlan

@Suite("Reductions of elementwise chains on the CPU agree with the reference")
struct FusedReductionTests {
    /// x · y of two inputs, of which y may broadcast; the product is reduced, and stored too where `keeps` says so.
    private func product(
        _ x: TestArray, _ y: TestArray, _ kind: Reduction.Kind, over count: Int, keeps: Bool = false
    ) -> FusedReduction {
        let instructions = [0, 1].map { _ in
            FusedPointwise.Instruction(.function(.mul), operands: [0, 1], dtype: .float32)
        }
        let program = FusedPointwise(
            inputTypes: [.float32, .float32], instructions: keeps ? instructions : [instructions[0]],
            results: keeps ? [2, 3] : [2], shapes: [x.shape])
        let reduction = Reduction(kind, Array((x.shape.rank - count)..<x.shape.rank), keepDim: false)
        return FusedReduction(program, reduced: keeps ? 1 : 0, reduction)
    }

    // Short rows, many to a chunk; rows as long as a chunk and one longer; rows of several pieces, the last not whole.
    private static let shapes: [Shape] = [
        [1], [7], [3, 5], [33, 2], [2, 3, 70], [517, 9], [3, 4_096], [2, 4_097], [40_001], [3, 20_000],
        [2, 3, 17, 400],
    ]

    @Test("sums and means over the last dimensions", arguments: shapes, [Reduction.Kind.sum, .mean])
    func sums(shape: Shape, kind: Reduction.Kind) throws {
        var generator = SeededGenerator(seed: 2_300 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator)
        for y in [TestArray.random(shape, using: &generator), .random([shape[-1]], using: &generator)] {
            for count in 1...shape.rank {
                let terms = shape.dimensions.suffix(count).reduce(1, *)
                try expectSameSums(product(x, y, kind, over: count), [x, y], terms: [terms])
                try expectSameSums(product(x, y, kind, over: count, keeps: true), [x, y], terms: [1, terms])
            }
        }
    }

    @Test("extremes, with NaN", arguments: shapes, [Reduction.Kind.amax, .amin])
    func extremes(shape: Shape, kind: Reduction.Kind) throws {
        var generator = SeededGenerator(seed: 2_350 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator).sprinkled(.nan, 0.001, using: &generator)
        let y = TestArray.random(shape, using: &generator)
        for count in 1...shape.rank { try expectSameElements(product(x, y, kind, over: count), [x, y]) }
    }

    @Test("other dimensions and other types are left to the steps by themselves")
    func refused() throws {
        func canFuse(_ dimensions: [Int], _ dtype: DType, _ kind: Reduction.Kind) throws -> Bool {
            let program = FusedPointwise(
                inputTypes: [dtype], instructions: [.init(.function(.square), operands: [0], dtype: dtype)],
                results: [1], shapes: [[3, 4]])
            let fused = FusedReduction(program, reduced: 0, Reduction(kind, dimensions, keepDim: false))
            let input = TensorSpec([3, 4], dtype)
            return CPUBackend().canFuse(
                StepDescription(
                    fused, inputs: [PlannedValue(input)], outputs: try fused.infer([input]).map { PlannedValue($0) },
                    uses: []))
        }
        #expect(try canFuse([1], .float32, .sum))
        #expect(try canFuse([0, 1], .float32, .mean))
        #expect(try !canFuse([0], .float32, .sum))
        #expect(try !canFuse([1], .float64, .sum))
        #expect(try !canFuse([1], .float32, .any))
    }

    @Test("the same bits each time", arguments: [[3, 20_000], [40_001], [517, 9]] as [Shape])
    func repeatability(shape: Shape) throws {
        var generator = SeededGenerator(seed: 2_400)
        let x = TestArray.random(shape, using: &generator)
        let y = TestArray.random(shape, using: &generator)
        // On as many workers as the engine has, the order in which they take pieces varies.
        let results = try (0..<8).map { _ in
            try KernelRunner.cpu(product(x, y, .sum, over: 1), [x, y])[0].values
        }
        for result in results { #expect(result == results[0]) }
    }
}
