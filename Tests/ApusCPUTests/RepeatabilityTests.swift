import ApusTestSupport
import Testing

@testable import ApusCPU
@testable import ApusGraph

/// Sums are cut into pieces that depend on the sizes alone, so that a training with one seed gives the same bits on any
/// number of threads.
@Suite("The same bits on any number of threads")
struct RepeatabilityTests {
    private func expectSameBits(_ primitive: any Primitive, _ inputs: [TestArray]) throws {
        let results = try (1...4).map { count in
            try KernelRunner.withWorkers(count) { try KernelRunner.cpu(primitive, inputs).map(\.values) }
        }
        for (index, result) in results.enumerated().dropFirst() {
            #expect(result == results[0], "\(primitive) with \(index + 1) threads")
        }
    }

    /// Channels and rows are cut at other places on other numbers of threads.
    @Test("convolutions in the lanes", arguments: [16, 24, 36, 100, 144, 256], [0, 2])
    func lanes(batch: Int, padding: Int) throws {
        var generator = SeededGenerator(seed: 9_000)
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [padding, padding], paddingAfter: [padding, padding], dilation: [1, 1],
            groups: 1)
        let (x, weight) = ([batch, 3, 9, 31] as Shape, [7, 3, 5, 5] as Shape)
        let y: Shape = [batch, 7, 5 + 2 * padding, 27 + 2 * padding]
        try #require(LanesPolicy.prefers(geometry, x: TensorSpec(x, .float32), weight: weight))
        let image = TestArray.random(x, using: &generator)
        let kernel = TestArray.random(weight, using: &generator)
        let dy = TestArray.random(y, using: &generator)
        try expectSameBits(Convolution(geometry), [image, kernel])
        try expectSameBits(ConvolutionInputGradient(geometry, inputShape: x), [dy, kernel])
        try expectSameBits(ConvolutionWeightGradient(geometry, weightShape: weight, withBias: true), [image, dy])
    }

    @Test("weight gradients by Winograd's filtering")
    func filterGradients() throws {
        var generator = SeededGenerator(seed: 9_050)
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)
        let (x, weight): (Shape, Shape) = ([6, 32, 23, 21], [48, 32, 3, 3])
        let y: Shape = [6, 48, 23, 21]
        try #require(WinogradPolicy.convolution(geometry, x: x, weight: weight, y: y) != nil)
        try expectSameBits(
            ConvolutionWeightGradient(geometry, weightShape: weight, withBias: true),
            [.random(x, using: &generator), .random(y, using: &generator)])
    }

    @Test("sums", arguments: [[70_000], [2, 32_768], [40_001, 3], [7, 300, 41]] as [Shape])
    func sums(shape: Shape) throws {
        var generator = SeededGenerator(seed: 9_100)
        let x = TestArray.random(shape, using: &generator)
        for dimension in 0..<shape.rank {
            try expectSameBits(Reduction(.sum, [dimension], keepDim: false), [x])
        }
        try expectSameBits(Reduction(.mean, Array(0..<shape.rank), keepDim: false), [x])
    }

    @Test("batch normalisation and its gradient")
    func batchNormalization() throws {
        var generator = SeededGenerator(seed: 9_200)
        let shape: Shape = [8, 7, 33, 31]
        let (x, dy) = (TestArray.random(shape, using: &generator), TestArray.random(shape, using: &generator))
        let norm = BatchNormalization(epsilon: 1e-5, isAffine: false)
        try expectSameBits(norm, [x])
        let statistics = try KernelRunner.reference(norm, [x])
        let gamma = TestArray.random([7], using: &generator)
        try expectSameBits(BatchNormalizationGradient(), [dy, x, statistics[1], statistics[3], gamma])
    }
}
