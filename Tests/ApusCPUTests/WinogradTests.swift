import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import Testing

@testable import ApusCPU

/// 3×3 convolutions with enough channels and tiles for Winograd's filtering.
@Suite("Winograd's convolutions agree with the reference")
struct WinogradTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var images: Int
        var inputs: Int
        var outputs: Int
        var height: Int
        var width: Int
        /// Above, left, below and right.
        var padding = [1, 1, 1, 1]

        var geometry: ConvolutionGeometry {
            ConvolutionGeometry(
                stride: [1, 1], paddingBefore: Array(padding[..<2]), paddingAfter: Array(padding[2...]),
                dilation: [1, 1], groups: 1)
        }
        var x: Shape { [images, inputs, height, width] }
        var weight: Shape { [outputs, inputs, 3, 3] }
        var y: Shape { [images, outputs, height + padding[0] + padding[2] - 2, width + padding[1] + padding[3] - 2] }
        var testDescription: String { "\(x.brackets) to \(y.brackets), padding \(padding)" }
    }

    /// Whole tiles and parts of tiles, one tile block and several, panels of filters that are full and not, padding on all
    /// sides and on some, and one chunk of input channels and several. All are smaller than what the policy takes: the plain loops of the reference are slow.
    private static let cases = [
        Case(images: 1, inputs: 16, outputs: 16, height: 8, width: 8),
        Case(images: 2, inputs: 16, outputs: 48, height: 7, width: 10),
        Case(images: 1, inputs: 32, outputs: 16, height: 6, width: 5, padding: [0, 0, 0, 0]),
        Case(images: 1, inputs: 16, outputs: 80, height: 4, width: 3, padding: [2, 2, 2, 2]),
        Case(images: 3, inputs: 48, outputs: 16, height: 5, width: 9, padding: [0, 1, 2, 0]),
        Case(images: 11, inputs: 16, outputs: 16, height: 13, width: 14, padding: [2, 0, 0, 1]),
        Case(images: 1, inputs: 80, outputs: 144, height: 3, width: 6),
        Case(images: 2, inputs: 144, outputs: 80, height: 2, width: 1),
    ]

    /// Five millionths of the largest result: the limit that its use is worth (1 to 2 millionths were measured with
    /// thousands of terms, direct sums lose 0.2).
    private func expectAgreement(
        _ actual: TestArray, _ expected: TestArray, _ what: String, scale: Double? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let tolerance = 5e-6 * (scale ?? expected.largest)
        ApusCPUTests.expectAgreement(actual, expected, what, sourceLocation: sourceLocation) { _ in tolerance }
    }

    /// The results of a step whose tensors of rank 4 lie in blocks of channels, all but weights.
    private func run(
        _ step: PreparedStep, _ sizes: ApusWinograd, _ inputs: [TestArray], weight: Int?, _ results: [Shape],
        blockedResults: Set<Int>
    ) throws -> [TestArray] {
        let operands = try inputs.enumerated().map { position, array in
            let isBlocked = array.shape.rank == 4 && position != weight
            return try KernelRunner.place(array, isBlocked ? try sizes.layout(array.shape) : .plain)
        }
        let outputs = try results.enumerated().map { position, shape in
            let layout = blockedResults.contains(position) ? try sizes.layout(shape) : .plain
            return Placed(PlannedValue(TensorSpec(shape, .float32), layout))
        }
        try KernelRunner.run(step, operands + outputs)
        for output in outputs { #expect(output.memory.isIntact) }
        return try outputs.map(KernelRunner.read)
    }

    @Test("forward, tile by tile and panel by panel", arguments: cases, [false, true])
    func forward(test: Case, byPanels: Bool) throws {
        var generator = SeededGenerator(seed: 12_000 + test.x.elementCount)
        let x = TestArray.random(test.x, using: &generator)
        let weight = TestArray.random(test.weight, using: &generator)
        let bias = TestArray.random([test.outputs], using: &generator)
        let sizes = WinogradPolicy.sizes(test.geometry, x: test.x, y: test.y)
        // Several blocks of tiles, but for the smallest.
        let kernel = WinogradConvolution(sizes, turned: false, byPanels: byPanels, tilesAtOnce: 5)
        let convolution = Convolution(test.geometry)
        let expected = try KernelRunner.reference(convolution, [x, weight])[0]
        expectAgreement(
            try run(kernel.step(hasBias: false), sizes, [x, weight], weight: 1, [test.y], blockedResults: [0])[0],
            expected, "\(test)")
        for activation in [Activation.relu, .sigmoid, .tanh] {
            let fused = FusedConvolution(convolution, activation)
            // No activation enlarges an error.
            expectAgreement(
                try run(
                    kernel.step(hasBias: true, activation: (activation as Activation?).lanes), sizes,
                    [x, weight, bias],
                    weight: 1, [test.y], blockedResults: [0])[0],
                try KernelRunner.reference(fused, [x, weight, bias])[0], "\(fused), \(test)", scale: expected.largest)
        }
    }

    @Test("the gradient of the input, which may have a bias", arguments: cases, [false, true])
    func inputGradient(test: Case, byPanels: Bool) throws {
        var generator = SeededGenerator(seed: 12_100 + test.x.elementCount)
        let dy = TestArray.random(test.y, using: &generator)
        let weight = TestArray.random(test.weight, using: &generator)
        let bias = TestArray.random([test.inputs], using: &generator)
        let sizes = WinogradPolicy.sizes(test.geometry, x: test.x, y: test.y).inputGradient
        let kernel = WinogradConvolution(sizes, turned: true, byPanels: byPanels, tilesAtOnce: 5)
        for inputs in [[dy, weight], [dy, weight, bias]] {
            expectAgreement(
                try run(
                    kernel.step(hasBias: inputs.count == 3), sizes, inputs, weight: 1, [test.x], blockedResults: [0])[
                        0],
                try KernelRunner.reference(
                    ConvolutionInputGradient(test.geometry, inputShape: test.x), inputs)[0], "\(test)")
        }
    }

    @Test("the gradient of the filters and the bias", arguments: cases, WinogradFilterGradient.Order.allCases)
    func filterGradient(test: Case, order: WinogradFilterGradient.Order) throws {
        var generator = SeededGenerator(seed: 12_200 + test.x.elementCount)
        let inputs = [
            TestArray.random(test.x, using: &generator), TestArray.random(test.y, using: &generator),
        ]
        let sizes = WinogradPolicy.sizes(test.geometry, x: test.x, y: test.y)
        let expected = try KernelRunner.reference(
            ConvolutionWeightGradient(test.geometry, weightShape: test.weight, withBias: true), inputs)
        for withBias in [false, true] {
            let step = WinogradFilterGradient(sizes, order: order).step(withBias: withBias)
            let shapes = [test.weight] + (withBias ? [[test.outputs]] : [])
            let actual = try run(step, sizes, inputs, weight: nil, shapes, blockedResults: [])
            for (output, actual) in actual.enumerated() {
                expectAgreement(actual, expected[output], "\(test), \(output)")
            }
        }
    }

    @Test("the filters' gradient where oneDNN would multiply matrices image by image")
    func filterGradientOfSmallPlanes() throws {
        let test = Case(images: 3, inputs: 32, outputs: 48, height: 1, width: 1)
        try #require(WinogradPolicy.convolution(test.geometry, x: test.x, weight: test.weight, y: test.y) == nil)
        var generator = SeededGenerator(seed: 12_500)
        let inputs = [TestArray.random(test.x, using: &generator), TestArray.random(test.y, using: &generator)]
        let primitive = ConvolutionWeightGradient(test.geometry, weightShape: test.weight, withBias: true)
        let expected = try KernelRunner.reference(primitive, inputs)
        for (output, actual) in try KernelRunner.cpu(primitive, inputs).enumerated() {
            expectAgreement(actual, expected[output], "\(test), \(output)")
            // Taps that only ever meet padding have no gradient, not even a rounding error that Adam would follow.
            #expect(zip(actual.values, expected[output].values).allSatisfy { $1 != 0 || $0 == 0 })
        }
    }

    @Test("what the policy takes runs so, in all directions")
    func chosen() throws {
        let test = Case(images: 1, inputs: 16, outputs: 16, height: 40, width: 40)
        try #require(WinogradPolicy.convolution(test.geometry, x: test.x, weight: test.weight, y: test.y) != nil)
        var generator = SeededGenerator(seed: 12_400)
        let (x, dy) = (TestArray.random(test.x, using: &generator), TestArray.random(test.y, using: &generator))
        let weight = TestArray.random(test.weight, using: &generator)
        for (primitive, inputs) in [
            (Convolution(test.geometry), [x, weight]),
            (ConvolutionInputGradient(test.geometry, inputShape: test.x), [dy, weight]),
            (ConvolutionWeightGradient(test.geometry, weightShape: test.weight, withBias: true), [x, dy]),
        ] as [(any Primitive, [TestArray])] {
            let actual = try KernelRunner.cpu(primitive, inputs)
            for (output, expected) in try KernelRunner.reference(primitive, inputs).enumerated() {
                expectAgreement(actual[output], expected, "\(primitive), result \(output)")
            }
        }
    }

    @Test("measuring chooses one of the two")
    func tuning() throws {
        let test = Case(images: 1, inputs: 16, outputs: 16, height: 12, width: 12)
        let sizes = WinogradPolicy.sizes(test.geometry, x: test.x, y: test.y)
        let chosen = try KernelRunner.onComputeThread {
            try WinogradPolicy.measure(sizes, test.geometry, x: test.x, weight: test.weight, y: test.y)
        }
        #expect([WinogradPolicy.winograd, WinogradPolicy.direct].contains(chosen))
    }

    @Test("one input channel at a time, with filters that pick a place: each tap meets its own neighbour")
    func places() throws {
        let test = Case(images: 1, inputs: 16, outputs: 16, height: 40, width: 40)
        try #require(WinogradPolicy.convolution(test.geometry, x: test.x, weight: test.weight, y: test.y) != nil)
        var generator = SeededGenerator(seed: 12_300)
        let x = TestArray.random(test.x, using: &generator)
        // Output channel k is input channel 15 - k, moved by tap k mod 9.
        var weight = [Double](repeating: 0, count: test.weight.elementCount)
        for channel in 0..<16 { weight[(channel * 16 + 15 - channel) * 9 + channel % 9] = 1 }
        let y = try KernelRunner.cpu(
            Convolution(test.geometry), [x, TestArray(weight, test.weight, .float32)])[0]
        for channel in 0..<16 {
            let (down, right) = (channel % 9 / 3 - 1, channel % 3 - 1)
            for row in 0..<40 {
                for column in 0..<40 {
                    let (sourceRow, sourceColumn) = (row + down, column + right)
                    let isInside = 0..<40 ~= sourceRow && 0..<40 ~= sourceColumn
                    let expected =
                        isInside ? x.values[((15 - channel) * 40 + sourceRow) * 40 + sourceColumn] : 0
                    let actual = y.values[(channel * 40 + row) * 40 + column]
                    try #require(abs(actual - expected) < 5e-6, "channel \(channel), row \(row), column \(column)")
                }
            }
        }
    }

    @Test(
        "what it does not compute stays with the direct kernels",
        arguments: [
            Case(images: 8, inputs: 3, outputs: 64, height: 32, width: 32),
            Case(images: 8, inputs: 20, outputs: 64, height: 32, width: 32),
            Case(images: 16, inputs: 512, outputs: 512, height: 2, width: 2),
            Case(images: 8, inputs: 64, outputs: 64, height: 16, width: 16, padding: [3, 3, 3, 3]),
        ])
    func direct(test: Case) {
        #expect(WinogradPolicy.convolution(test.geometry, x: test.x, weight: test.weight, y: test.y) == nil)
    }

    @Test("other strides, dilations and groups stay with the direct kernels")
    func otherGeometries() {
        let test = Case(images: 8, inputs: 64, outputs: 64, height: 32, width: 32)
        var strided = test.geometry
        strided.stride = [2, 2]
        var dilated = test.geometry
        dilated.dilation = [2, 2]
        for geometry in [strided, dilated] {
            let sizes = (0..<2).map { geometry.outputSize(32, kernel: 3, $0) }
            let y = Shape([8, 64] + sizes)
            #expect(WinogradPolicy.convolution(geometry, x: test.x, weight: test.weight, y: y) == nil)
        }
        var grouped = test.geometry
        grouped.groups = 2
        #expect(WinogradPolicy.convolution(grouped, x: test.x, weight: [64, 32, 3, 3], y: test.y) == nil)
    }
}
