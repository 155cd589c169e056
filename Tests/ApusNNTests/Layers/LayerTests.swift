import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Results small enough to be found by hand; PyTorch's own answers are compared by the conformance tests.
@Suite struct LayerTests {
    @Test func convolutionPadsSameMoreAtTheEnd() {
        let layer = Conv2d(1, 1, kernelSize: [1, 2], padding: .same, bias: false)
        layer.weight.data = .ones(1, 1, 1, 2)
        // Each element plus its right neighbour; the padding is on the right.
        #expect(layer(Tensor([[[[1.0, 2.0, 3.0]]]])).array() == [3, 5, 3] as [Float])
    }

    @Test func convolutionShapes() {
        #expect(Conv2d(1, 6, kernelSize: 5)(.zeros(2, 1, 28, 28)).shape == [2, 6, 24, 24])
        #expect(Conv2d(3, 8, kernelSize: 3, stride: 2, padding: 1)(.zeros(1, 3, 9, 8)).shape == [1, 8, 5, 4])
        let grouped = Conv2d(4, 8, kernelSize: [3, 1], padding: [1, 0], dilation: [1, 2], groups: 4)
        #expect(grouped(.zeros(4, 5, 6)).shape == [8, 5, 6])
        let size = 3
        #expect(Conv2d(1, 1, kernelSize: size, padding: size / 2)(.zeros(1, 1, 4, 4)).shape == [1, 1, 4, 4])
    }

    @Test func linearIsXTimesWeightTransposedPlusBias() {
        let layer = Linear(2, 1)
        layer.weight.data = Tensor([[2.0, -1.0]])
        layer.bias?.data = Tensor([0.5])
        #expect(layer(Tensor([[1.0, 3.0], [0.0, 2.0]])).array() == [-0.5, -1.5] as [Float])
    }

    @Test func maxPoolGivesPositionsInThePlane() {
        let image = Tensor([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 7.0, 6.0]]]])
        let (values, indices) = MaxPool2d(2).withIndices(image)
        #expect(values.array() == [5, 7] as [Float])
        #expect(indices.array(as: Int.self) == [1, 6])
        #expect(MaxPool2d(2)(image).array() == [5, 7] as [Float])
    }

    @Test func averagePoolCountsPaddingUnlessTold() {
        let image = Tensor.full([1, 1, 2, 2], 4.0)
        #expect(AvgPool2d(2, stride: 2, padding: 1)(image).array() == [1, 1, 1, 1] as [Float])
        let uncounted = AvgPool2d(2, stride: 2, padding: 1, countIncludePad: false)
        #expect(uncounted(image).array() == [4, 4, 4, 4] as [Float])
        #expect(AvgPool2d(2, divisorOverride: 8)(image).array() == [2] as [Float])
    }

    @Test func batchNormMovesItsStatistics() {
        let layer = BatchNorm2d(1, eps: 1e-12, momentum: 0.5)
        let output: [Float] = layer(Tensor([[[[1.0, 3.0]]]])).array()
        #expect(output == [-1, 1])
        // The mean is 2, the variance 1, and 2 with n − 1; both start at 0 and 1.
        #expect(layer.runningMean?.data.item() == 1.0)
        #expect(layer.runningVar?.data.item() == 1.5)
        #expect(layer.numBatchesTracked?.data.item(as: Int.self) == 1)
        let evaluated: [Float] = layer.eval()(Tensor([[[[1.0]]]])).array()
        #expect(evaluated == [0])
        #expect(layer.numBatchesTracked?.data.item(as: Int.self) == 1)
    }

    @Test func batchNormWithoutMomentumAverages() {
        let layer = BatchNorm2d(1, momentum: nil)
        for first in [2.0, 4.0, 9.0] { _ = layer(Tensor([[[[first, first + 2]]]])) }
        // Batch means 3, 5 and 10; batch variances 2.
        #expect(abs((layer.runningMean?.data.item() ?? 0.0) - 6) < 1e-5)
        #expect(abs((layer.runningVar?.data.item() ?? 0.0) - 2) < 1e-5)
    }

    @Test func batchNormNamesItsGradientInBothModes() {
        let layer = BatchNorm2d(1)
        #expect(layer(.zeros(1, 1, 2, 2)).gradientFunctionName == "NativeBatchNormBackward0")
        #expect(layer.eval()(.zeros(1, 1, 2, 2)).gradientFunctionName == "NativeBatchNormBackward0")
    }

    @Test func activations() {
        let input = Tensor([-1.0, 0.0, 2.0])
        #expect(ReLU()(input).array() == [0, 0, 2] as [Float])
        #expect(Sigmoid()(Tensor([0.0])).array() == [0.5] as [Float])
        #expect(Tanh()(Tensor([0.0])).array() == [0] as [Float])
        #expect(Identity()(input).array() == [-1, 0, 2] as [Float])
        #expect(Flatten()(.zeros(2, 3, 4)).shape == [2, 12])
    }
}
