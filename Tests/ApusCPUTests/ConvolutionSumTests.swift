import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import Testing

@testable import ApusCPU

/// A convolution to which a tensor is added, with an activation behind the sum.
@Suite("Convolutions with sums agree with the reference")
struct ConvolutionSumTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var x: Shape
        var weight: Shape
        var stride = 1
        var padding = 0
        var dilation = 1
        var groups = 1

        var geometry: ConvolutionGeometry {
            let rank = x.rank - 2
            func times(_ value: Int) -> [Int] { [Int](repeating: value, count: rank) }
            return ConvolutionGeometry(
                stride: times(stride), paddingBefore: times(padding), paddingAfter: times(padding),
                dilation: times(dilation), groups: groups)
        }
        var terms: Int { weight.dimensions.dropFirst().reduce(1, *) + 2 }
        var testDescription: String {
            "\(x.brackets), \(weight.brackets), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)"
        }
    }

    private static let cases = [
        // oneDNN: channels in whole blocks and not, strides, kernels of one pixel, dilation, one and three dimensions.
        Case(x: [2, 8, 9, 9], weight: [16, 8, 3, 3], padding: 1),
        Case(x: [1, 32, 20, 20], weight: [64, 32, 1, 1]),
        Case(x: [1, 32, 21, 19], weight: [64, 32, 1, 1], stride: 2),
        Case(x: [2, 20, 11, 10], weight: [13, 20, 3, 3], stride: 2, padding: 1),
        Case(x: [2, 17, 10, 10], weight: [9, 17, 3, 3], padding: 2, dilation: 2),
        Case(x: [1, 3, 30, 30], weight: [64, 3, 7, 7], stride: 2, padding: 3),
        Case(x: [2, 24, 31], weight: [40, 24, 5], padding: 2),
        Case(x: [1, 16, 5, 6, 7], weight: [16, 16, 3, 3, 3], padding: 1),
        // Groups, by oneDNN and along the rows.
        Case(x: [2, 32, 9, 9], weight: [32, 1, 3, 3], padding: 1, groups: 32),
        Case(x: [2, 12, 8, 9], weight: [18, 4, 3, 3], padding: 1, groups: 3),
        Case(x: [2, 15, 7, 9], weight: [15, 1, 5, 3], stride: 2, padding: 2, groups: 15),
        // Sixteen images in the lanes.
        Case(x: [16, 3, 8, 8], weight: [6, 3, 5, 5]),
        Case(x: [13, 1, 9, 7], weight: [4, 1, 3, 3], padding: 1),
        // Winograd's filtering.
        Case(x: [1, 16, 40, 40], weight: [16, 16, 3, 3], padding: 1),
        // Small planes and strides.
        Case(x: [1, 64, 7, 7], weight: [48, 64, 3, 3], padding: 1),
        Case(x: [2, 32, 28, 28], weight: [40, 32, 3, 3], stride: 2, padding: 1),
    ]

    private struct Numbers {
        var x: TestArray
        var weight: TestArray
        var bias: TestArray
        var addend: TestArray
    }

    private func numbers(_ test: Case, seed: Int) throws -> Numbers {
        var generator = SeededGenerator(seed: seed)
        let y = try Convolution(test.geometry).infer([
            TensorSpec(test.x, .float32), TensorSpec(test.weight, .float32),
        ])[0]
        return Numbers(
            x: .random(test.x, using: &generator), weight: .random(test.weight, using: &generator),
            bias: .random([test.weight[0]], using: &generator), addend: .random(y.shape, using: &generator))
    }

    /// oneDNN's and our sigmoid and tanh are good to about four units; no activation enlarges an error. Winograd's
    /// filtering loses five millionths of the largest result.
    private func expectAgreement(
        _ actual: TestArray, _ fused: FusedConvolution, _ inputs: [TestArray], _ test: Case
    ) throws {
        let expected = try KernelRunner.reference(fused, inputs)[0]
        let linear = FusedConvolution(fused.convolution, addsInput: true, nil)
        let scale = try KernelRunner.reference(linear, inputs.map(\.magnitudes))[0]
        let y = expected.shape
        let isWinograd =
            WinogradPolicy.convolution(test.geometry, x: test.x, weight: test.weight, y: y) != nil
        let least = isWinograd ? 5e-6 * scale.largest : 0
        ApusCPUTests.expectAgreement(actual, expected, "\(fused), \(test)") {
            max(least, (scale.values[$0] + 1) * sumTolerance(test.terms))
        }
    }

    @Test("with and without a bias, and each activation", arguments: cases)
    func forward(test: Case) throws {
        let numbers = try numbers(test, seed: 300)
        for activation in [nil, Activation.relu, .sigmoid, .tanh] {
            let fused = FusedConvolution(Convolution(test.geometry), addsInput: true, activation)
            for inputs in [
                [numbers.x, numbers.weight, numbers.addend],
                [numbers.x, numbers.weight, numbers.bias, numbers.addend],
            ] {
                try expectAgreement(try KernelRunner.cpu(fused, inputs)[0], fused, inputs, test)
            }
        }
    }

    @Test("the same bits in the place of what is added, and on any number of threads", arguments: cases)
    func inPlace(test: Case) throws {
        let numbers = try numbers(test, seed: 400)
        let inputs = [numbers.x, numbers.weight, numbers.bias, numbers.addend]
        let fused = FusedConvolution(Convolution(test.geometry), addsInput: true, .relu)
        let expected = try KernelRunner.cpu(fused, inputs)[0].values
        // Kernels have working memory for as many threads as there are.
        for threads in 1...min(4, CPUInfo.threadCount) {
            try KernelRunner.withWorkers(threads) {
                let placed = try inputs.map { try KernelRunner.place($0) }
                let result = try #require(try KernelRunner.cpu(fused, placed, overwriting: 3))[0]
                #expect(try KernelRunner.read(result).values == expected, "\(threads) threads")
            }
        }
    }

    @Test("what is added stays as it is where the result has memory of its own", arguments: cases)
    func addendStays(test: Case) throws {
        let numbers = try numbers(test, seed: 500)
        let fused = FusedConvolution(Convolution(test.geometry), addsInput: true, .relu)
        let first = try #require(
            try KernelRunner.cpu(
                fused, try [numbers.x, numbers.weight, numbers.addend].map { try KernelRunner.place($0) }))[0]
        // In the layout of the result, so that the kernel reads this memory.
        let addend = try KernelRunner.place(numbers.addend, first.planned.layout)
        let before = try KernelRunner.read(addend).values
        _ = try KernelRunner.cpu(fused, [KernelRunner.place(numbers.x), KernelRunner.place(numbers.weight), addend])
        #expect(try KernelRunner.read(addend).values == before)
    }

    @Test("a convolution's own input may be added to it")
    func ownInput() throws {
        for test in [
            Case(x: [1, 16, 40, 40], weight: [16, 16, 3, 3], padding: 1),
            Case(x: [1, 64, 7, 7], weight: [64, 64, 3, 3], padding: 1),
            Case(x: [2, 24, 12, 12], weight: [24, 24, 1, 1]),
        ] {
            let numbers = try numbers(test, seed: 600)
            let inputs = [numbers.x, numbers.weight, numbers.x]
            let fused = FusedConvolution(Convolution(test.geometry), addsInput: true, .relu)
            try expectAgreement(try KernelRunner.cpu(fused, inputs)[0], fused, inputs, test)
        }
    }

    @Test("a tensor of another shape or type is refused")
    func otherShapes() {
        let test = Self.cases[0]
        let fused = FusedConvolution(Convolution(test.geometry), addsInput: true, .relu)
        for addend in [TensorSpec([2, 16, 9, 8], .float32), TensorSpec([2, 16, 9, 9], .float64)] {
            #expect(throws: TensorError.self) {
                try fused.infer([TensorSpec(test.x, .float32), TensorSpec(test.weight, .float32), addend])
            }
        }
    }
}
