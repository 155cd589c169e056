import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import Testing

@testable import ApusCPU

/// Direct convolutions of channels in blocks of a vector.
@Suite("Convolutions in blocks agree with the reference", .enabled(if: apus_kernels_isa() == ApusISAAVX2))
struct BlockConvolutionTests {
    typealias Case = BlockConvolutionCase

    /// Blocks of pixels of all sizes, one output block and pairs of them, filters that are read in one part and several,
    /// tasks of a part of the pixels and of several images, planes that need padding on any side or none, a remainder that
    /// no window reaches, and taps that only meet padding.
    private static let cases =
        (1...13).map { Case(x: [1, 8, 1, $0], outputs: 16, kernel: [1, 1]) }
        + [
            Case(x: [1, 64, 7, 7], outputs: 48, kernel: [3, 3], padding: [1, 1, 1, 1]),
            Case(x: [2, 40, 7, 5], outputs: 24, kernel: [3, 3], padding: [1, 1, 1, 1]),
            Case(x: [3, 16, 14, 14], outputs: 8, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
            Case(x: [2, 24, 13, 28], outputs: 40, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
            Case(x: [1, 8, 20, 22], outputs: 16, kernel: [5, 3], padding: [0, 2, 2, 0]),
            Case(x: [2, 16, 12, 9], outputs: 16, kernel: [3, 2], stride: [3, 2]),
            Case(x: [1, 32, 11, 12], outputs: 16, kernel: [3, 3], padding: [4, 0, 0, 4], dilation: [2, 3]),
            Case(x: [2, 8, 6, 6], outputs: 24, kernel: [1, 1], stride: [2, 2]),
            Case(x: [1, 16, 3, 3], outputs: 16, kernel: [3, 3], padding: [2, 2, 2, 2]),
            Case(x: [3, 176, 1, 1], outputs: 24, kernel: [3, 3], padding: [1, 1, 1, 1]),
            Case(x: [5, 40, 2, 2], outputs: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
            Case(x: [4, 24, 1, 3], outputs: 8, kernel: [3, 3], padding: [1, 1, 1, 1]),
            Case(x: [2, 8, 3, 3], outputs: 16, kernel: [5, 5], padding: [3, 3, 3, 3], dilation: [2, 2]),
            Case(x: [60, 8, 2, 2], outputs: 16, kernel: [3, 3], padding: [1, 1, 1, 1]),
        ]

    @Test("with a bias, a sum and activations, for some images at once", arguments: cases, [1, 2, 8, 64])
    func forward(test: Case, imagesAtOnce: Int) throws {
        try check(
            test,
            BlockConvolution(
                test.geometry, x: test.x, weight: test.weight, y: test.y, imagesAtOnce: imagesAtOnce,
                imagesTogether: false))
    }

    @Test("the same for pixels of several images together", arguments: cases + Case.batches)
    func together(test: Case) throws {
        try check(
            test,
            BlockConvolution(test.geometry, x: test.x, weight: test.weight, y: test.y, imagesTogether: true))
    }

    @Test("the gradient of the input, which may have a bias", arguments: cases + Case.batches)
    func inputGradient(test: Case) throws {
        var generator = SeededGenerator(seed: 13_100 + test.x.elementCount)
        let dy = TestArray.random(test.y, using: &generator)
        let weight = TestArray.random(test.weight, using: &generator)
        let bias = TestArray.random([test.x[1]], using: &generator)
        let kernel = BlockConvolution(gradient: test.geometry, x: test.x, weight: test.weight, y: test.y)
        let primitive = ConvolutionInputGradient(test.geometry, inputShape: test.x)
        for inputs in [[dy, weight], [dy, weight, bias]] {
            let asked = StepDescription(
                primitive, inputs: inputs.map { PlannedValue($0.spec) },
                outputs: [PlannedValue(TensorSpec(test.x, .float32))], uses: [])
            let layouts = try kernel.layouts(asked, hasBias: inputs.count == 3)
            let operands = try zip(inputs, layouts.inputs).map { try KernelRunner.place($0, $1) }
            let output = Placed(PlannedValue(TensorSpec(test.x, .float32), layouts.outputs[0]))
            try KernelRunner.run(kernel.step(hasBias: inputs.count == 3), operands + [output])
            #expect(output.memory.isIntact)
            let scale = try KernelRunner.reference(primitive, inputs.map(\.magnitudes))[0]
            let terms = test.outputs * test.kernel[0] * test.kernel[1] + 1
            expectAgreement(
                try KernelRunner.read(output), try KernelRunner.reference(primitive, inputs)[0], "\(test)"
            ) { (scale.values[$0] + 1) * sumTolerance(terms) }
        }
    }

    private func check(_ test: Case, _ kernel: BlockConvolution) throws {
        var generator = SeededGenerator(seed: 13_000 + test.x.elementCount)
        try #require(BlockConvolution.supports(test.geometry, x: test.x, weight: test.weight))
        let x = TestArray.random(test.x, using: &generator)
        let weight = TestArray.random(test.weight, using: &generator)
        let bias = TestArray.random([test.outputs], using: &generator)
        let addend = TestArray.random(test.y, using: &generator)
        let terms = test.weight.dimensions.dropFirst().reduce(2, *)
        for (hasBias, addsInput) in [(false, false), (true, false), (false, true), (true, true)] {
            let inputs = [x, weight] + (hasBias ? [bias] : []) + (addsInput ? [addend] : [])
            let linear = FusedConvolution(Convolution(test.geometry), addsInput: addsInput, nil)
            let scale = try KernelRunner.reference(linear, inputs.map(\.magnitudes))[0]
            for activation in [nil, Activation.relu, .sigmoid, .tanh] {
                let fused = FusedConvolution(Convolution(test.geometry), addsInput: addsInput, activation)
                let asked = StepDescription(
                    fused, inputs: inputs.map { PlannedValue($0.spec) },
                    outputs: [PlannedValue(TensorSpec(test.y, .float32))], uses: [])
                let layouts = try kernel.layouts(asked, hasBias: hasBias)
                let operands = try zip(inputs, layouts.inputs).map { try KernelRunner.place($0, $1) }
                let output = Placed(PlannedValue(TensorSpec(test.y, .float32), layouts.outputs[0]))
                let step = kernel.step(hasBias: hasBias, addsInput: addsInput, activation: activation.lanes)
                try KernelRunner.run(step, operands + [output])
                #expect(output.memory.isIntact)
                let expected = try KernelRunner.reference(fused, inputs)[0]
                // Our sigmoid and tanh are good to four units, and no activation enlarges an error.
                expectAgreement(try KernelRunner.read(output), expected, "\(fused), \(test)") {
                    (scale.values[$0] + 1) * sumTolerance(terms)
                }
            }
        }
    }

    @Test("small planes and strides run so, and nothing else")
    func chosen() {
        func isChosen(_ test: Case, groups: Int = 1) -> Bool {
            var geometry = test.geometry
            geometry.groups = groups
            let weight: Shape = [test.outputs, test.x[1] / groups, test.kernel[0], test.kernel[1]]
            return BlockConvolution.preferred(geometry, x: test.x, weight: weight, y: test.y) != nil
        }
        let small = Case(x: [1, 512, 7, 7], outputs: 512, kernel: [3, 3], padding: [1, 1, 1, 1])
        #expect(isChosen(small))
        let strided = Case(x: [1, 64, 56, 56], outputs: 128, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1])
        #expect(isChosen(strided))
        #expect(!isChosen(small, groups: 2))
        #expect(!isChosen(Case(x: [1, 512, 7, 7], outputs: 512, kernel: [1, 1])))
        #expect(!isChosen(Case(x: [1, 64, 28, 28], outputs: 64, kernel: [5, 5], padding: [2, 2, 2, 2])))
        var wide = strided
        wide.x = [1, 64, 112, 112]
        #expect(!isChosen(wide))
        for (inputs, outputs) in [(20, 64), (64, 20)] {
            var ragged = small
            (ragged.x, ragged.outputs) = ([1, inputs, 7, 7], outputs)
            #expect(!isChosen(ragged))
        }
        var batch = Case(x: [100, 32, 14, 14], outputs: 32, kernel: [5, 5], padding: [2, 2, 2, 2])
        #expect(isChosen(batch))
        func isChosenForGradient() -> Bool {
            BlockConvolution.preferredGradient(batch.geometry, x: batch.x, weight: batch.weight, y: batch.y) != nil
        }
        #expect(isChosenForGradient())
        batch.stride = [2, 2]
        #expect(isChosenForGradient())
        batch.x = [100, 32, 28, 28]
        #expect(!isChosenForGradient())
        (batch.stride, batch.x) = ([1, 1], [1, 32, 14, 14])
        #expect(!isChosenForGradient() && !isChosen(batch))
    }
}
