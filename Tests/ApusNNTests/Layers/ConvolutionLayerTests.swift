import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Values small enough to be found by hand; PyTorch's own answers are compared by the conformance tests.
@Suite struct ConvolutionLayerTests {
    @Test func shapesOfTheTutorials() {
        let layer = Conv2d(16, 33, kernelSize: [3, 5], stride: [2, 1], padding: [4, 2])
        #expect(layer(.zeros(20, 16, 50, 100)).shape == [20, 33, 28, 100])
        let up = ConvTranspose2d(1, 1, kernelSize: 3, stride: 2)
        #expect(up(.zeros(1, 1, 512, 512)).shape == [1, 1, 1025, 1025])
        #expect(up(.zeros(1, 4, 4), outputSize: [10, 9]).shape == [1, 10, 9])
    }

    @Test func shapesOfEveryRank() {
        #expect(Conv1d(4, 6, kernelSize: 3, dilation: 2, groups: 2)(.zeros(5, 4, 9)).shape == [5, 6, 5])
        #expect(Conv1d(4, 6, kernelSize: 4, padding: .same)(.zeros(4, 9)).shape == [6, 9])
        #expect(Conv3d(1, 2, kernelSize: [1, 2, 3], stride: [1, 2, 1])(.zeros(1, 3, 4, 5)).shape == [2, 3, 2, 3])
        #expect(Conv3d(1, 2, kernelSize: 2)(.zeros(0, 1, 3, 4, 5)).shape == [0, 2, 2, 3, 4])
        #expect(
            ConvTranspose1d(2, 3, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1)(.zeros(1, 2, 5)).shape
                == [1, 3, 10])
        #expect(ConvTranspose3d(2, 4, kernelSize: 2, stride: 2, groups: 2)(.zeros(2, 2, 2, 3)).shape == [4, 4, 4, 6])
        #expect(ConvTranspose3d(2, 4, kernelSize: 2)(.zeros(0, 2, 2, 2, 3)).shape == [0, 4, 3, 3, 4])
        #expect(Unfold([2, 3])(.zeros(2, 3, 10, 12)).shape == [2, 18, 90])
        #expect(Unfold(2, stride: 2)(.zeros(3, 4, 4)).shape == [12, 4])
        #expect(Fold([4, 5], kernelSize: 2)(.zeros(1, 8, 12)).shape == [1, 2, 4, 5])
        #expect(Fold(4, kernelSize: 2, stride: 2)(.zeros(4, 4)).shape == [1, 4, 4])
    }

    @Test(
        arguments: [
            (.zeros, [2, 4, 2]), (.reflect, [4, 4, 4]), (.replicate, [3, 4, 5]), (.circular, [5, 4, 3]),
        ] as [(ConvolutionPaddingMode, [Float])])
    func theBorderIsWhatTheModeSays(mode: ConvolutionPaddingMode, expected: [Float]) {
        // The sum of the neighbours on both sides.
        let layer = Conv1d(1, 1, kernelSize: 3, padding: 1, bias: false, paddingMode: mode)
        layer.weight.data = Tensor([[[1.0, 0.0, 1.0]]])
        #expect(layer(Tensor([[[1.0, 2.0, 3.0]]])).array() == expected)
    }

    @Test func transposedConvolutionSpreadsEachElement() {
        let layer = ConvTranspose1d(1, 1, kernelSize: 2, stride: 2, outputPadding: 1)
        layer.weight.data = Tensor([[[10.0, 100.0]]])
        layer.bias?.data = Tensor([0.5])
        #expect(layer(Tensor([[[1.0, 2.0]]])).array() == [10.5, 100.5, 20.5, 200.5, 0.5] as [Float])
    }

    @Test func functionsAreTheLayers() {
        let x = Tensor.randn(2, 4, 9, 8)
        let layer = Conv2d(4, 6, kernelSize: [3, 2], stride: [2, 1], padding: 1, groups: 2)
        let direct = x.conv2d(layer.weight.data, layer.bias?.data, stride: [2, 1], padding: 1, groups: 2)
        #expect(direct.array() == layer(x).array() as [Float])
        #expect(x.conv2d(layer.weight.data, padding: .same, groups: 2).shape == [2, 6, 9, 8])
        let up = ConvTranspose2d(4, 6, kernelSize: 3, stride: 2, padding: 1, outputPadding: [1, 0], groups: 2)
        let enlarged = x.convTranspose2d(
            up.weight.data, up.bias?.data, stride: 2, padding: 1, outputPadding: [1, 0], groups: 2)
        #expect(enlarged.shape == [2, 6, 18, 15])
        #expect(enlarged.array() == up(x).array() as [Float])
        #expect(x[0].conv1d(.ones(1, 9, 1)).shape == [4, 1, 8])
        #expect(x.conv3d(.ones(1, 2, 1, 1, 1)).shape == [1, 4, 9, 8])
        #expect(x[0].convTranspose1d(.ones(9, 2, 3)).shape == [4, 2, 10])
        #expect(x[0].unsqueeze(dim: 0).convTranspose3d(.ones(1, 2, 1, 1, 1)).shape == [2, 4, 9, 8])
        let columns = x.unfold([2, 3], padding: [1, 0])
        #expect(columns.array() == Unfold([2, 3], padding: [1, 0])(x).array() as [Float])
        // As many windows meet an element as columns of ones sum up to.
        let counts = Tensor.ones(1, 4, 4).fold(3, kernelSize: 2)
        #expect(counts.array() == [1, 2, 1, 2, 4, 2, 1, 2, 1] as [Float])
    }

    @Test func printsAsPyTorch() {
        let texts: [(Module, String)] = [
            (
                Conv1d(4, 4, kernelSize: 3, padding: 1, groups: 2, paddingMode: .circular),
                "Conv1d(4, 4, kernel_size=(3,), stride=(1,), padding=(1,), groups=2, padding_mode=circular)"
            ),
            (
                Conv2d(1, 1, kernelSize: 2, padding: .same, paddingMode: .reflect),
                "Conv2d(1, 1, kernel_size=(2, 2), stride=(1, 1), padding=same, padding_mode=reflect)"
            ),
            (Conv3d(1, 2, kernelSize: 3), "Conv3d(1, 2, kernel_size=(3, 3, 3), stride=(1, 1, 1))"),
            (
                ConvTranspose2d(
                    4, 6, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 2),
                "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), "
                    + "output_padding=(1, 1), groups=2, bias=False)"
            ),
            (ConvTranspose1d(4, 6, kernelSize: 3), "ConvTranspose1d(4, 6, kernel_size=(3,), stride=(1,))"),
            (Unfold(2), "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)"),
            (
                Unfold([2, 3], dilation: 2, padding: [1, 1]),
                "Unfold(kernel_size=(2, 3), dilation=2, padding=(1, 1), stride=1)"
            ),
            (Fold(4, kernelSize: 2), "Fold(output_size=4, kernel_size=2, dilation=1, padding=0, stride=1)"),
        ]
        for (layer, text) in texts { #expect(layer.description == text) }
    }

    @Test func statesAsPyTorch() {
        let direct = Conv3d(4, 6, kernelSize: [1, 2, 3], groups: 2)
        #expect(direct.stateDict().map(\.key) == ["weight", "bias"])
        #expect(direct.weight.shape == [6, 2, 1, 2, 3])
        let transposed = ConvTranspose2d(4, 6, kernelSize: 3, groups: 2)
        #expect(transposed.weight.shape == [4, 3, 3, 3])
        #expect(transposed.bias?.shape == [6])
        #expect(ConvTranspose1d(2, 3, kernelSize: 2, bias: false).stateDict().map(\.key) == ["weight"])
        #expect(Unfold(2).stateDict().isEmpty)
    }

    @Test func gradientsAreNamedAsPyTorchs() {
        let x = Tensor.ones(1, 2, 4, 4).requiringGrad()
        #expect(ConvTranspose2d(2, 1, kernelSize: 2)(x).gradientFunctionName == "ConvolutionBackward0")
        #expect(ConvTranspose2d(2, 1, kernelSize: 2)(x[0]).gradientFunctionName == "SqueezeBackward1")
        #expect(Unfold(2)(x).gradientFunctionName == "Im2ColBackward0")
        #expect(Unfold(2)(x[0]).gradientFunctionName == "Im2ColBackward0")
        #expect(Fold(2, kernelSize: 2)(Unfold(2)(x)[0..., 0..., 0..<1]).gradientFunctionName == "Col2ImBackward0")
    }
}
