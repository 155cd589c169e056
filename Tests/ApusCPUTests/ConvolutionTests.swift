import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// A convolution with everything that can vary.
private struct ConvolutionCase: CustomStringConvertible {
    var x: Shape
    var weight: Shape
    var geometry: ConvolutionGeometry

    var description: String { "x \(x.brackets), weight \(weight.brackets), \(geometry)" }

    var y: Shape {
        let sizes = (0..<geometry.spatialRank).map { geometry.outputSize(x[$0 + 2], kernel: weight[$0 + 2], $0) }
        return Shape([x[0], weight[0]] + sizes)
    }

    /// The number of places of the window.
    var taps: Int { weight.dimensions.dropFirst(2).reduce(1, *) }

    /// Attributes at random, with an output of at least one element.
    static func random(
        batch: Int, inputs: Int, outputs: Int, groups: Int, rank: Int, dilates: Bool,
        using generator: inout SeededGenerator
    ) -> ConvolutionCase {
        var x = [batch, inputs * groups]
        var weight = [outputs * groups, inputs]
        var geometry = ConvolutionGeometry(
            stride: [], paddingBefore: [], paddingAfter: [], dilation: [], groups: groups)
        for _ in 0..<rank {
            let kernel = generator.int(1...(rank == 3 ? 3 : 5))
            let dilation = dilates ? generator.int(1...3) : 1
            let reach = dilation * (kernel - 1) + 1
            // Padding on the two sides is independent, and may be more than the kernel's reach.
            let (before, after) = (generator.int(0...2), generator.int(0...2))
            let least = max(1, reach - before - after)
            weight.append(kernel)
            x.append(least + generator.int(0...(rank == 3 ? 3 : 8)))
            geometry.stride.append(generator.int(1...3))
            geometry.paddingBefore.append(before)
            geometry.paddingAfter.append(after)
            geometry.dilation.append(dilation)
        }
        return ConvolutionCase(x: Shape(x), weight: Shape(weight), geometry: geometry)
    }

    func checkAllDirections(using generator: inout SeededGenerator) throws {
        let image = TestArray.random(x, using: &generator)
        let kernel = TestArray.random(weight, using: &generator)
        let bias = TestArray.random([weight[0]], using: &generator)
        let dy = TestArray.random(y, using: &generator)
        let forwardTerms = weight[1] * taps
        try expectSameSums(Convolution(geometry), [image, kernel], terms: [forwardTerms])
        try expectSameSums(Convolution(geometry), [image, kernel, bias], terms: [forwardTerms + 1])
        try expectSameSums(
            ConvolutionInputGradient(geometry, inputShape: x), [dy, kernel],
            terms: [weight[0] / geometry.groups * taps])
        // As a transposed convolution it has a bias for each input channel.
        try expectSameSums(
            ConvolutionInputGradient(geometry, inputShape: x),
            [dy, kernel, TestArray.random([x[1]], using: &generator)],
            terms: [weight[0] / geometry.groups * taps + 1])
        let positions = x[0] * y.dimensions.dropFirst(2).reduce(1, *)
        for withBias in [false, true] {
            try expectSameSums(
                ConvolutionWeightGradient(geometry, weightShape: weight, withBias: withBias), [image, dy],
                terms: [positions] + (withBias ? [positions] : []))
        }
        for activation in [Activation.relu, .sigmoid, .tanh] {
            let fused = FusedConvolution(Convolution(geometry), activation)
            let actual = try KernelRunner.cpu(fused, [image, kernel, bias])[0]
            let expected = try KernelRunner.reference(fused, [image, kernel, bias])[0]
            let scale = try KernelRunner.reference(
                Convolution(geometry), [image.magnitudes, kernel.magnitudes, bias.magnitudes])[0]
            // No activation enlarges an error; oneDNN's sigmoid and tanh are good to about four units themselves.
            expectAgreement(actual, expected, "\(fused), \(self)") {
                (scale.values[$0] + 1) * sumTolerance(forwardTerms + 1)
            }
        }
    }
}

@Suite("Convolutions of the CPU agree with the reference")
struct ConvolutionTests {
    /// Of the last group also one vector alone may hold images.
    @Test("sixteen images in the lanes", arguments: 0..<35)
    func lanes(seed: Int) throws {
        var generator = SeededGenerator(seed: 100 + seed)
        let test = ConvolutionCase.random(
            batch: [32, 16, 13, 27, 24, 36, 100][seed % 7], inputs: seed % 3 == 0 ? 1 : generator.int(2...7),
            outputs: seed % 5 == 0 ? 17 : generator.int(1...8), groups: 1, rank: 2, dilates: false, using: &generator)
        #expect(
            LanesPolicy.prefers(test.geometry, x: TensorSpec(test.x, .float32), weight: test.weight), "\(test)")
        try test.checkAllDirections(using: &generator)
    }

    /// Small integers, whose sums are exact: equal elements of a window are equal in both, and so are the positions.
    @Test(
        "convolution, max-pooling and activation in the lanes",
        arguments: [nil, Activation.relu, .sigmoid, .tanh] as [Activation?], 0..<8)
    func pooled(activation: Activation?, seed: Int) throws {
        var generator = SeededGenerator(seed: 170 + seed)
        var test: ConvolutionCase
        repeat {
            test = .random(
                batch: [32, 16, 44, 36][seed % 4], inputs: generator.int(1...4), outputs: generator.int(1...9),
                groups: 1, rank: 2, dilates: false, using: &generator)
        } while test.y[2] < 2 || test.y[3] < 2
        let pool = MaxPool(
            PoolingGeometry(
                kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false))
        let gradient = MaxPoolGradient(pool.geometry, inputShape: test.y)
        let fused = FusedConvolutionPool(Convolution(test.geometry), pool, activation)
        var inputs = [test.x, test.weight].map { TestArray.withTies($0, using: &generator) }
        if seed % 3 != 0 { inputs.append(.withTies([test.weight[0]], using: &generator)) }
        let uses = [
            StepDescription.ResultUse(outlivesPlan: true, readers: []),
            StepDescription.ResultUse(outlivesPlan: false, readers: [gradient]),
        ]
        let placed = try inputs.map { try KernelRunner.place($0) }
        let actual = try #require(try KernelRunner.cpu(fused, placed, uses: uses))
        let expected = try KernelRunner.reference(fused, inputs)
        // Results of sigmoid and tanh are at most 1, and good to four units.
        let tolerance = activation == .sigmoid || activation == .tanh ? 4 * roundingUnit : 0
        expectAgreement(try KernelRunner.read(actual[0]), expected[0], "\(fused), \(test)") { _ in tolerance }
        let dy = TestArray.random(expected[0].shape, using: &generator)
        let dx = try #require(try KernelRunner.cpu(gradient, [try KernelRunner.place(dy), actual[1]]))[0]
        expectAgreement(
            try KernelRunner.read(dx), try KernelRunner.reference(gradient, [dy, expected[1]])[0], "\(test)")
    }

    @Test("the largest numbers of channels in the lanes")
    func widestLanes() throws {
        var generator = SeededGenerator(seed: 150)
        let test = ConvolutionCase.random(
            batch: 16, inputs: 15, outputs: 32, groups: 1, rank: 2, dilates: false, using: &generator)
        #expect(LanesPolicy.prefers(test.geometry, x: TensorSpec(test.x, .float32), weight: test.weight))
        try test.checkAllDirections(using: &generator)
    }

    @Test("two dimensions, dilated, grouped, padded unevenly", arguments: 0..<24)
    func plane(seed: Int) throws {
        var generator = SeededGenerator(seed: 200 + seed)
        let test = ConvolutionCase.random(
            batch: generator.int(1...3), inputs: generator.int(1...5), outputs: generator.int(1...4),
            groups: generator.int(1...3), rank: 2, dilates: true, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("depthwise", arguments: [3, 16, 17])
    func depthwise(channels: Int) throws {
        var generator = SeededGenerator(seed: 300 + channels)
        let test = ConvolutionCase.random(
            batch: 2, inputs: 1, outputs: 1, groups: channels, rank: 2, dilates: false, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test(
        "blocks of channels, full and not",
        arguments: [(16, 16), (16, 32), (17, 19), (32, 16), (33, 5)])
    func blocked(inputs: Int, outputs: Int) throws {
        var generator = SeededGenerator(seed: 400 + inputs)
        let test = ConvolutionCase.random(
            batch: 2, inputs: inputs, outputs: outputs, groups: 1, rank: 2, dilates: false, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("groups of whole blocks")
    func groupedBlocks() throws {
        var generator = SeededGenerator(seed: 450)
        let test = ConvolutionCase.random(
            batch: 2, inputs: 16, outputs: 16, groups: 2, rank: 2, dilates: false, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("one dimension", arguments: 0..<12)
    func line(seed: Int) throws {
        var generator = SeededGenerator(seed: 500 + seed)
        let test = ConvolutionCase.random(
            batch: generator.int(1...16), inputs: generator.int(1...6), outputs: generator.int(1...6),
            groups: generator.int(1...2), rank: 1, dilates: true, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("three dimensions", arguments: 0..<10)
    func space(seed: Int) throws {
        var generator = SeededGenerator(seed: 600 + seed)
        let test = ConvolutionCase.random(
            batch: generator.int(1...2), inputs: generator.int(1...4), outputs: generator.int(1...4),
            groups: generator.int(1...2), rank: 3, dilates: true, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("groups of few channels, along the rows", arguments: 0..<30)
    func planes(seed: Int) throws {
        var generator = SeededGenerator(seed: 700 + seed)
        let test = ConvolutionCase.random(
            batch: generator.int(1...3), inputs: generator.int(1...6), outputs: generator.int(1...9),
            groups: generator.int(2...5), rank: seed % 3 + 1, dilates: true, using: &generator)
        try test.checkAllDirections(using: &generator)
    }

    @Test("rows of many vectors and large kernels", arguments: [1, 2])
    func longRows(stride: Int) throws {
        var generator = SeededGenerator(seed: 750 + stride)
        let geometry = ConvolutionGeometry(
            stride: [1, stride], paddingBefore: [3, 4], paddingAfter: [3, 2], dilation: [1, 2], groups: 3)
        let test = ConvolutionCase(x: [2, 3, 9, 301], weight: [6, 1, 7, 5], geometry: geometry)
        try test.checkAllDirections(using: &generator)
    }

    /// A transposed convolution whose output padding is beyond its stride, which oneDNN refuses.
    @Test("elements that no window reaches")
    func beyondTheStride() throws {
        var generator = SeededGenerator(seed: 770)
        let geometry = ConvolutionGeometry(
            stride: [1, 2], paddingBefore: [0, 1], paddingAfter: [-2, -1], dilation: [3, 2], groups: 1)
        let x: Shape = [2, 5, 14, 14]
        let weight: Shape = [4, 5, 3, 3]
        let sizes = (0..<2).map { geometry.outputSize(x[$0 + 2], kernel: weight[$0 + 2], $0) }
        let dy = TestArray.random([2, 4, sizes[0], sizes[1]], using: &generator)
        let kernel = TestArray.random(weight, using: &generator)
        let bias = TestArray.random([5], using: &generator)
        try expectSameSums(ConvolutionInputGradient(geometry, inputShape: x), [dy, kernel, bias], terms: [37])
    }

    /// 0 · ∞ is no number: the gradient of a tap reads no element that it does not meet.
    @Test("an infinite element reaches only the taps that meet it")
    func infinity() throws {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 2)
        var values = [Double](repeating: 1, count: 2 * 5 * 20)
        values[40] = .infinity
        let x = TestArray(values, [1, 2, 5, 20], .float32)
        let dy = TestArray([Double](repeating: 1, count: 200), [1, 2, 5, 20], .float32)
        let gradient = ConvolutionWeightGradient(geometry, weightShape: [2, 1, 3, 3], withBias: false)
        let actual = try KernelRunner.cpu(gradient, [x, dy])[0]
        // The element stands in the first column of the first channel: the last column of the kernel never meets it.
        #expect(actual.values.prefix(9).map(\.isInfinite) == [true, true, false, true, true, false, true, true, false])
        #expect(actual.values.allSatisfy { !$0.isNaN })
    }

    @Test("other types have no kernel of the CPU")
    func otherTypes() throws {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let x = try KernelRunner.place(TestArray([Double](repeating: 1, count: 16 * 9), [16, 1, 3, 3], .float64))
        let weight = try KernelRunner.place(TestArray([1, 2, 3, 4], [1, 1, 2, 2], .float64))
        #expect(try KernelRunner.cpu(Convolution(geometry), [x, weight]) == nil)
    }
}
