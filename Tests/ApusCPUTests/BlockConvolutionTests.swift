import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import Testing

@testable import ApusCPU

/// Direct convolutions of channels in blocks of a vector.
@Suite("Convolutions in blocks agree with the reference", .enabled(if: apus_kernels_isa() == ApusISAAVX2))
struct BlockConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var x: Shape
        var outputs: Int
        var kernel: [Int]
        var stride = [1, 1]
        /// Above, left, below and right.
        var padding = [0, 0, 0, 0]
        var dilation = [1, 1]

        var geometry: ConvolutionGeometry {
            ConvolutionGeometry(
                stride: stride, paddingBefore: Array(padding[..<2]), paddingAfter: Array(padding[2...]),
                dilation: dilation, groups: 1)
        }
        var weight: Shape { [outputs, x[1], kernel[0], kernel[1]] }
        var y: Shape {
            Shape([x[0], outputs] + (0..<2).map { geometry.outputSize(x[$0 + 2], kernel: kernel[$0], $0) })
        }
        var testDescription: String {
            "\(x.brackets) to \(y.brackets), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation)"
        }
    }

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
        var generator = SeededGenerator(seed: 13_000 + test.x.elementCount)
        try #require(BlockConvolution.supports(test.geometry, x: test.x, weight: test.weight))
        let kernel = BlockConvolution(
            test.geometry, x: test.x, weight: test.weight, y: test.y, imagesAtOnce: imagesAtOnce)
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
    }
}
