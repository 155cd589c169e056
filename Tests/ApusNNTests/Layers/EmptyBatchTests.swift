import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// A batch without samples passes through every layer, forward and backward, as in PyTorch.
@Suite struct EmptyBatchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let input: Shape
        let output: Shape
        let make: @Sendable () -> Module

        init(_ input: Shape, _ output: Shape, _ make: @escaping @Sendable () -> Module) {
            (self.input, self.output, self.make) = (input, output, make)
            testDescription = "\(make()) of \(input.brackets)"
        }

        /// A layer that keeps the shape.
        init(_ shape: Shape, _ make: @escaping @Sendable () -> Module) { self.init(shape, shape, make) }
    }

    static let convolutions = [
        Case([0, 3, 8], [0, 4, 6]) { Conv1d(3, 4, kernelSize: 3) },
        Case([0, 3, 8, 9], [0, 4, 4, 5]) { Conv2d(3, 4, kernelSize: 3, stride: 2, padding: 1) },
        Case([0, 4, 8, 9], [0, 4, 8, 9]) { Conv2d(4, 4, kernelSize: 3, padding: .same, groups: 4) },
        Case([0, 3, 5, 6, 7], [0, 2, 4, 5, 6]) { Conv3d(3, 2, kernelSize: 2) },
        Case([0, 3, 8], [0, 4, 10]) { ConvTranspose1d(3, 4, kernelSize: 3) },
        Case([0, 3, 4, 5], [0, 2, 8, 10]) {
            ConvTranspose2d(3, 2, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1)
        },
        Case([0, 3, 2, 3, 4], [0, 2, 3, 4, 5]) { ConvTranspose3d(3, 2, kernelSize: 2) },
        Case([0, 2, 5, 6], [0, 8, 20]) { Unfold(2) },
        Case([0, 8, 20], [0, 2, 5, 6]) { Fold([5, 6], kernelSize: 2) },
    ]

    static let poolings = [
        Case([0, 3, 8], [0, 3, 4]) { MaxPool1d(2) },
        Case([0, 3, 8, 9], [0, 3, 4, 5]) { MaxPool2d(2, ceilMode: true) },
        Case([0, 3, 4, 4, 4], [0, 3, 2, 2, 2]) { MaxPool3d(2) },
        Case([0, 3, 8], [0, 3, 4]) { AvgPool1d(2) },
        Case([0, 3, 8, 9], [0, 3, 4, 5]) { AvgPool2d(3, stride: 2, padding: 1) },
        Case([0, 3, 4, 4, 4], [0, 3, 2, 2, 2]) { AvgPool3d(2) },
        Case([0, 3, 8, 9], [0, 3, 4, 4]) { LPPool2d(2, kernelSize: 2) },
        Case([0, 3, 8], [0, 3, 5]) { AdaptiveAvgPool1d(5) },
        Case([0, 3, 8, 9], [0, 3, 1, 1]) { AdaptiveAvgPool2d(1) },
        Case([0, 3, 4, 4, 4], [0, 3, 2, 2, 2]) { AdaptiveAvgPool3d(2) },
        Case([0, 3, 8], [0, 3, 5]) { AdaptiveMaxPool1d(5) },
        Case([0, 3, 8, 9], [0, 3, 2, 3]) { AdaptiveMaxPool2d([2, 3]) },
        Case([0, 3, 4, 4, 4], [0, 3, 2, 2, 2]) { AdaptiveMaxPool3d(2) },
    ]

    static let normalizations = [
        Case([0, 4]) { BatchNorm1d(4) },
        Case([0, 4, 3, 3]) { BatchNorm2d(4) },
        Case([0, 4, 3, 3]) { BatchNorm2d(4, affine: false, trackRunningStats: false) },
        Case([0, 4, 2, 2, 2]) { BatchNorm3d(4) },
        Case([0, 4, 3, 3]) { GroupNorm(2, 4) },
        Case([0, 4, 6]) { LayerNorm(6) },
        Case([0, 4, 6]) { RMSNorm(6) },
        Case([0, 4, 3, 3]) { LocalResponseNorm(3) },
        Case([0, 4, 3]) { Dropout() },
        Case([0, 4, 3, 3]) { Dropout2d() },
        Case([0, 4, 3]) { AlphaDropout(0.5) },
    ]

    static let others = [
        Case([0, 5], [0, 3]) { Linear(5, 3) },
        Case([2, 0, 5], [2, 0, 3]) { Linear(5, 3, bias: false) },
        Case([0, 2, 3], [0, 6]) { Flatten() },
        Case([0, 6], [0, 2, 3]) { Unflatten(1, [2, 3]) },
        Case([0, 2, 3, 4], [0, 2, 6, 8]) { Upsample(scaleFactor: 2, mode: .bilinear) },
        Case([0, 2, 3], [0, 2, 7]) { Upsample(size: 7) },
        Case([0, 8, 3, 4], [0, 2, 6, 8]) { PixelShuffle(2) },
        Case([0, 2, 6, 8], [0, 8, 3, 4]) { PixelUnshuffle(2) },
        Case([0, 6, 3, 4]) { ChannelShuffle(2) },
        Case([0, 2, 3, 4], [0, 2, 5, 6]) { ZeroPad2d(1) },
        Case([0, 2, 3, 4], [0, 2, 5, 6]) { ReflectionPad2d(1) },
        Case([0, 2, 3, 4], [0, 2, 5, 6]) { ReplicationPad2d(1) },
        Case([0, 2, 3, 4], [0, 2, 5, 6]) { CircularPad2d(1) },
        Case([0, 3, 2]) { PReLU(numParameters: 3) },
        Case([0, 4], [0, 2]) { GLU() },
        Case([0, 4]) { Softmax(dim: 1) },
        Case([0, 4]) { LogSoftmax(dim: 0) },
        Case([0, 3, 2, 2]) { Softmax2d() },
        Case([0, 3]) { RReLU() },
        Case([0, 3]) { GELU() },
        Case([0, 3]) { Hardswish() },
    ]

    @Test(arguments: convolutions + poolings + normalizations + others, [true, false])
    func thereAreShapesAndGradients(_ test: Case, isTraining: Bool) throws {
        let layer = test.make()
        if isTraining { layer.train() } else { layer.eval() }
        let before = layer.stateDict()
        let x = Tensor.zeros(test.input).requiringGrad()
        let y = layer(x)
        #expect(y.shape == test.output)
        y.sum().backward()
        #expect(try #require(x.grad).shape == test.input)
        #expect(y.array(as: Float.self).isEmpty)
        for (name, parameter) in layer.namedParameters() {
            // Nothing was added up.
            let gradient: [Float] = try #require(parameter.grad, "\(name)").array()
            #expect(gradient.allSatisfy { $0 == 0 }, "\(name): \(gradient)")
        }
        // Statistics of nothing leave the running ones alone.
        let after = layer.stateDict()
        for key in before.keys where key != "num_batches_tracked" {
            let (old, new) = (try #require(before[key]), try #require(after[key]))
            #expect(old.array(as: Double.self) == new.array(as: Double.self), "\(key)")
        }
    }

    @Test func layersOfSeveralTensors() throws {
        let (a, b) = (Tensor.zeros(0, 3).requiringGrad(), Tensor.zeros(0, 2).requiringGrad())
        let y = Bilinear(3, 2, 4)(a, b)
        y.sum().backward()
        #expect(y.shape == [0, 4])
        #expect(a.grad?.shape == [0, 3] && b.grad?.shape == [0, 2])
        let embedding = Embedding(5, 3)
        let rows = embedding(.zeros([0, 2], dtype: .int64))
        rows.sum().backward()
        #expect(rows.shape == [0, 2, 3])
        #expect(try #require(embedding.weight.grad).array() == [Float](repeating: 0, count: 15))
        let pooled = MaxPool2d(2, returnIndices: true).withIndices(.zeros(0, 3, 4, 4))
        #expect(pooled.indices.shape == [0, 3, 2, 2])
        #expect(MaxUnpool2d(2)(pooled.values, indices: pooled.indices).shape == [0, 3, 4, 4])
    }

    /// The mean of nothing is NaN, its sum 0.
    @Test func lossesOfNothing() {
        let (x, y) = (Tensor.zeros(0, 3), Tensor.zeros(0, 3))
        let classes = Tensor.zeros([0], dtype: .int64)
        #expect(mseLoss(x, y).item(as: Float.self).isNaN)
        #expect(mseLoss(x, y, reduction: .sum).item() == 0)
        #expect(mseLoss(x, y, reduction: .none).shape == [0, 3])
        #expect(crossEntropy(x, classes).item(as: Float.self).isNaN)
        #expect(crossEntropy(x, classes, reduction: .sum).item() == 0)
        #expect(crossEntropy(x, classes, reduction: .none).shape == [0])
    }
}
