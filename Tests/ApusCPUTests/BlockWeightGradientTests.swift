import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import Testing

@testable import ApusCPU

@Suite("The filters' gradients in blocks agree with the reference", .enabled(if: apus_kernels_isa() != ApusISABaseline))
struct BlockWeightGradientTests {
    typealias Case = BlockConvolutionCase

    private func run(_ kernel: BlockWeightGradient, _ test: Case, _ inputs: [TestArray], withBias: Bool) throws
        -> [TestArray]
    {
        let primitive = ConvolutionWeightGradient(test.geometry, weightShape: test.weight, withBias: withBias)
        let shapes = [test.weight] + (withBias ? [[test.outputs]] : [])
        let asked = StepDescription(
            primitive, inputs: inputs.map { PlannedValue($0.spec) },
            outputs: shapes.map { PlannedValue(TensorSpec($0, .float32)) }, uses: [])
        let layouts = try kernel.layouts(asked)
        let operands = try zip(inputs, layouts.inputs).map { try KernelRunner.place($0, $1) }
        let outputs = zip(shapes, layouts.outputs).map { Placed(PlannedValue(TensorSpec($0, .float32), $1)) }
        try KernelRunner.run(kernel.step(withBias: withBias), operands + outputs)
        for output in outputs { #expect(output.memory.isIntact) }
        return try outputs.map(KernelRunner.read)
    }

    private func inputs(_ test: Case, seed: Int) -> [TestArray] {
        var generator = SeededGenerator(seed: seed + test.x.elementCount)
        return [.random(test.x, using: &generator), .random(test.y, using: &generator)]
    }

    /// One image at a time and several side by side, in one copy and several; one row at once and all; one piece and several;
    /// written to the caches and past them.
    @Test(
        "for all ways to cut the work", arguments: Case.batches,
        [(nil, nil, nil, false), (nil, nil, nil, true), (1, 2, 1, false), (3, 1, 2, true), (8, 9, 3, false)])
    func gradients(test: Case, cut: (images: Int?, rows: Int?, pieces: Int?, streams: Bool)) throws {
        try #require(BlockWeightGradient.supports(test.geometry, x: test.x, weight: test.weight))
        let inputs = inputs(test, seed: 13_200)
        let kernel = BlockWeightGradient(
            test.geometry, x: test.x, weight: test.weight, y: test.y, imagesAtOnce: cut.images, rowsAtOnce: cut.rows,
            pieces: cut.pieces.map { min($0, test.x[0]) }, streams: cut.streams)
        let positions = test.x[0] * test.y[2] * test.y[3]
        for withBias in [false, true] {
            let primitive = ConvolutionWeightGradient(test.geometry, weightShape: test.weight, withBias: withBias)
            let expected = try KernelRunner.reference(primitive, inputs)
            let scales = try KernelRunner.reference(primitive, inputs.map(\.magnitudes))
            for (output, actual) in try run(kernel, test, inputs, withBias: withBias).enumerated() {
                expectAgreement(actual, expected[output], "\(test), result \(output)") {
                    (scales[output].values[$0] + 1) * sumTolerance(positions)
                }
                // Taps that only ever meet padding have no gradient, not even a rounding error that Adam would follow.
                #expect(zip(actual.values, scales[output].values).allSatisfy { $1 != 0 || $0 == 0 })
            }
        }
    }

    @Test("with the same bits in each run and on any number of threads", arguments: Case.batches)
    func repeats(test: Case) throws {
        let inputs = inputs(test, seed: 13_300)
        let kernel = BlockWeightGradient(test.geometry, x: test.x, weight: test.weight, y: test.y)
        let first = try run(kernel, test, inputs, withBias: true).map(\.values)
        // Kernels have working memory for as many threads as there are.
        for threads in Array(1...min(4, CPUInfo.threadCount)) + [1] {
            let again = try KernelRunner.withWorkers(threads) {
                try run(kernel, test, inputs, withBias: true).map(\.values)
            }
            #expect(again == first, "\(threads) threads")
        }
    }

    @Test("small planes and strides run so, and what oneDNN would do by matrices")
    func chosen() {
        func isChosen(_ test: Case, usesGemm: Bool = false) -> Bool {
            BlockWeightGradient.preferred(
                test.geometry, x: test.x, weight: test.weight, y: test.y, usesGemm: { usesGemm }) != nil
        }
        let small = Case(x: [100, 64, 3, 3], outputs: 128, kernel: [5, 5], padding: [2, 2, 2, 2])
        let strided = Case(x: [100, 32, 32, 32], outputs: 64, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1])
        let single = Case(x: [100, 64, 8, 8], outputs: 128, kernel: [1, 1], stride: [2, 2])
        let large = Case(x: [100, 64, 56, 56], outputs: 64, kernel: [5, 5], padding: [2, 2, 2, 2])
        // With AVX-512 oneDNN has faster kernels of its own.
        for test in [small, strided, single] { #expect(isChosen(test) == (apus_kernels_isa() == ApusISAAVX2)) }
        #expect(!isChosen(large))
        for test in [small, strided, large] { #expect(isChosen(test, usesGemm: true)) }
        var ragged = small
        ragged.x = [100, 60, 3, 3]
        #expect(!isChosen(ragged, usesGemm: true))
    }
}
