import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import Testing

/// The blocks that models are made of, each on its own.
@Suite struct BlockTests {
    /// The sizes that the second tutorial prints.
    @Test func residualShapesAreTheTutorials() {
        let images = Tensor.rand(4, 3, 6, 6)
        #expect(Residual(3, 3)(images).shape == [4, 3, 6, 6])
        #expect(Residual(3, 6, use1x1Conv: true, strides: 2)(images).shape == [4, 6, 3, 3])
    }

    @Test func residualPrintsAsPyTorch() {
        #expect(
            Residual(3, 6, use1x1Conv: true, strides: 2).description == """
                Residual(
                  (conv1): Conv2d(3, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
                  (conv2): Conv2d(6, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
                  (conv3): Conv2d(3, 6, kernel_size=(1, 1), stride=(2, 2))
                  (bn1): BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (bn2): BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                )
                """)
        #expect(!Residual(3, 3).description.contains("conv3"))
    }

    @Test func aResidualThatChangesTheShapeNeedsItsConvolution() {
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { _ = Residual(3, 6, strides: 2)(.rand(4, 3, 6, 6)) }
        }
        #expect(
            error?.description
                == "Residual: the convolutions make [4, 6, 3, 3] of the input [4, 3, 6, 6], to which it cannot be added. "
                + "Pass use1x1Conv: true, which changes the input's channels and size likewise.")
    }

    @Test func aResidualAddsItsInput() {
        let block = Residual(2, 2).eval()
        for parameter in block.bn2.parameters() { parameter.data = .zeros(2) }
        let x = Tensor.randn(1, 2, 3, 3)
        #expect(block(x).array() == x.relu().array())
    }

    @Test func aBasicBlockPrintsAsTorchvisions() {
        let downsample = Sequential(Conv2d(4, 8, kernelSize: 1, stride: 2, bias: false), BatchNorm2d(8))
        #expect(
            BasicBlock(4, 8, stride: 2, downsample: downsample).description == """
                BasicBlock(
                  (conv1): Conv2d(4, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)
                  (bn1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (relu): ReLU(inplace=True)
                  (conv2): Conv2d(8, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
                  (bn2): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (downsample): Sequential(
                    (0): Conv2d(4, 8, kernel_size=(1, 1), stride=(2, 2), bias=False)
                    (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  )
                )
                """)
    }

    @Test func aPaddedShortcutTakesEverySecondPixelAndAddsZeros() {
        let x = Tensor.arange(2 * 3 * 3).cast(to: .float32).reshape(1, 2, 3, 3)
        let y = PaddedShortcut(3, stride: 2)(x)
        #expect(y.shape == [1, 3, 2, 2])
        #expect(y.array() == [0, 2, 6, 8, 9, 11, 15, 17, 0, 0, 0, 0])
        #expect(PaddedShortcut(2, stride: 1)(x).array() == x.array())
        let error = #expect(throws: TensorError.self) { try withTensorErrors { _ = PaddedShortcut(1, stride: 2)(x) } }
        #expect(error?.message.contains("with at most 1 channels") == true)
    }

    @Test func sizesOfBlocks() {
        let x = Tensor.rand(2, 8, 9, 7)
        #expect(Inception(8, ch1x1: 1, ch3x3: (2, 3), ch5x5: (4, 5), poolProj: 6)(x).shape == [2, 15, 9, 7])
        #expect(NiNBlock(8, 5, kernelSize: 3, stride: 2, padding: 0)(x).shape == [2, 5, 4, 3])
        #expect(VGGBlock(8, widths: [6, 4])(x).shape == [2, 4, 4, 3])
        #expect(VGGBlock(8, widths: [6], batchNorm: true, pool: false)(x).shape == [2, 6, 9, 7])
        #expect(ConvNormAct(8, 4)(x).shape == [2, 4, 9, 7])
        #expect(ConvNormAct(8, 4, kernelSize: 5, stride: 2, groups: 4)(x).shape == [2, 4, 5, 4])
        #expect(Bottleneck(8, 2)(x).shape == [2, 8, 9, 7])
        #expect(InvertedResidual(8, 8, stride: 1, expandRatio: 6)(x).shape == [2, 8, 9, 7])
        #expect(InvertedResidual(8, 4, stride: 2, expandRatio: 1)(x).shape == [2, 4, 5, 4])
    }

    /// A bias in front of a batch norm has no effect, and is left out.
    @Test func aConvolutionHasABiasWhereNothingNormalises() {
        #expect(ConvNormAct(2, 3).stateDict().keys.prefix(3) == ["0.weight", "1.weight", "1.bias"])
        #expect(ConvNormAct(2, 3, isNormalized: false, activation: nil).stateDict().keys == ["0.weight", "0.bias"])
    }
}
