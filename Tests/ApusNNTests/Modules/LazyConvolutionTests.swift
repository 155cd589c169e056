import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Lazy convolutions against the layers that they become.
@Suite struct LazyConvolutionTests {
    /// A lazy layer, and the one that it becomes with a batch.
    struct Case: Sendable, CustomTestStringConvertible {
        let batch: Shape
        /// What PyTorch 2.15 prints before and after the first call.
        let before: String
        let after: String
        let lazy: @Sendable () -> ConvolutionLayer
        let eager: @Sendable () -> ConvolutionLayer
        var testDescription: String { before }
    }

    static let cases = [
        Case(
            batch: [2, 3, 9], before: "LazyConv1d(0, 8, kernel_size=(3,), stride=(1,))",
            after: "Conv1d(3, 8, kernel_size=(3,), stride=(1,))", lazy: { LazyConv1d(8, kernelSize: 3) },
            eager: { Conv1d(3, 8, kernelSize: 3) }),
        Case(
            batch: [2, 3, 9, 9], before: "LazyConv2d(0, 8, kernel_size=(3, 3), stride=(1, 1))",
            after: "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))", lazy: { LazyConv2d(8, kernelSize: 3) },
            eager: { Conv2d(3, 8, kernelSize: 3) }),
        // One sample without a batch.
        Case(
            batch: [3, 9, 9],
            before: "LazyConv2d(0, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2))",
            after: "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2))",
            lazy: { LazyConv2d(8, kernelSize: 3, padding: .same, dilation: 2) },
            eager: { Conv2d(3, 8, kernelSize: 3, padding: .same, dilation: 2) }),
        Case(
            batch: [2, 2, 5, 6, 7],
            before:
                "LazyConv3d(0, 4, kernel_size=(1, 2, 3), stride=(2, 2, 2), padding=(1, 1, 1), groups=2, bias=False, "
                + "padding_mode=circular)",
            after: "Conv3d(2, 4, kernel_size=(1, 2, 3), stride=(2, 2, 2), padding=(1, 1, 1), groups=2, bias=False, "
                + "padding_mode=circular)",
            lazy: {
                LazyConv3d(
                    4, kernelSize: [1, 2, 3], stride: 2, padding: 1, groups: 2, bias: false, paddingMode: .circular)
            },
            eager: {
                Conv3d(
                    2, 4, kernelSize: [1, 2, 3], stride: 2, padding: 1, groups: 2, bias: false, paddingMode: .circular)
            }),
        Case(
            batch: [2, 3, 9], before: "LazyConvTranspose1d(0, 4, kernel_size=(3,), stride=(1,))",
            after: "ConvTranspose1d(3, 4, kernel_size=(3,), stride=(1,))",
            lazy: { LazyConvTranspose1d(4, kernelSize: 3) }, eager: { ConvTranspose1d(3, 4, kernelSize: 3) }),
        Case(
            batch: [4, 5, 5],
            before: "LazyConvTranspose2d(0, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), "
                + "output_padding=(1, 1), groups=2, bias=False)",
            after: "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), "
                + "output_padding=(1, 1), groups=2, bias=False)",
            lazy: {
                LazyConvTranspose2d(
                    6, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 2)
            },
            eager: {
                ConvTranspose2d(
                    4, 6, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 2)
            }),
        Case(
            batch: [2, 3, 3, 3, 3], before: "LazyConvTranspose3d(0, 4, kernel_size=(2, 2, 2), stride=(1, 1, 1))",
            after: "ConvTranspose3d(3, 4, kernel_size=(2, 2, 2), stride=(1, 1, 1))",
            lazy: { LazyConvTranspose3d(4, kernelSize: 2) }, eager: { ConvTranspose3d(3, 4, kernelSize: 2) }),
    ]

    /// Equal values, gradients, keys and text, bit by bit.
    private func expectEqual(_ layer: ConvolutionLayer, _ eager: ConvolutionLayer, on x: Tensor) {
        let (mine, its) = (x.detach().requiringGrad(), x.detach().requiringGrad())
        let (result, expected) = (layer(mine), eager(its))
        #expect(result.shape == expected.shape)
        #expect(result.array() == expected.array() as [Float])
        (result * result).sum().backward()
        (expected * expected).sum().backward()
        #expect(mine.grad?.array() == its.grad?.array() as [Float]?)
        #expect(layer.stateDict().keys == eager.stateDict().keys)
        for (parameter, other) in zip(layer.parameters(), eager.parameters()) {
            #expect(parameter.shape == other.shape)
            #expect(parameter.data.array() == other.data.array() as [Float])
            #expect(parameter.grad?.array() == other.grad?.array() as [Float]?)
        }
        #expect(layer.description == eager.description)
        #expect(layer.inChannels == eager.inChannels)
        #expect(!layer.hasUninitializedParameters)
    }

    /// One case after the other: two that seed and draw alike could swap their draws and end in the same state.
    @Test(.serialized, arguments: cases) func theFirstBatchMakesTheLayer(_ example: Case) {
        let x = Tensor.randn(example.batch)
        let layer = example.lazy()
        #expect(layer.description == example.before)
        #expect(layer.inChannels == 0)
        #expect(layer.hasUninitializedParameters)
        _ = layer(x)
        #expect(layer.description == example.after)
        // Drawn by the same initialisers, in the same order. Tests beside this one draw from the same generator: both
        // are made anew until nobody has.
        for _ in 0..<1000 {
            let again = example.lazy()
            manualSeed(5)
            _ = again(x)
            let end = Generator.shared.state
            manualSeed(5)
            let eager = example.eager()
            guard Generator.shared.state == end else { continue }
            expectEqual(again, eager, on: x)
            return
        }
        Issue.record("other tests drew random numbers a thousand times in between")
    }

    @Test(arguments: cases) func aStateDictionarySaysTheSizes(_ example: Case) throws {
        let (layer, eager) = (example.lazy(), example.eager())
        try layer.load(eager.stateDict())
        #expect(!layer.hasUninitializedParameters)
        #expect(layer.description == example.before)
        expectEqual(layer, eager, on: .randn(example.batch))
    }

    @Test(arguments: cases) func theTypeIsKept(_ example: Case) {
        let layer = example.lazy()
        layer.to(.float64)
        #expect(layer(.zeros(example.batch, dtype: .float64)).dtype == .float64)
        #expect(layer.parameters().allSatisfy { $0.data.dtype == .float64 })
    }

    @Test func whatIsLoadedStaysAndTheRestIsDrawn() throws {
        let layer = LazyConv2d(2, kernelSize: 1)
        try layer.load(StateDict([("bias", Tensor([5.0, 6]))]), strict: false)
        _ = layer(.zeros(1, 3, 2, 2))
        #expect(layer.weight.shape == [2, 3, 1, 1])
        #expect(layer.bias?.data.array() == [5, 6] as [Float])
    }

    @Test func theFirstCallMayHaveAnOutputSize() {
        let layer = LazyConvTranspose2d(2, kernelSize: 3, stride: 2)
        #expect(layer(.zeros(1, 4, 4), outputSize: [10, 9]).shape == [2, 10, 9])
        #expect(layer.description == "ConvTranspose2d(1, 2, kernel_size=(3, 3), stride=(2, 2))")
    }

    @Test func withinAModel() {
        let net = Sequential(LazyConv2d(2, kernelSize: 3), ReLU())
        _ = net(.zeros(1, 3, 4, 4))
        #expect(
            net.description == """
                Sequential(
                  (0): Conv2d(3, 2, kernel_size=(3, 3), stride=(1, 1))
                  (1): ReLU()
                )
                """)
    }

    static let refusals: [LayerErrorTests.Case] = [
        .init("groups", ["LazyConv2d", "[2, 3, 9, 9] has 3 channels", "multiple of groups: 2"]) {
            _ = LazyConv2d(4, kernelSize: 3, groups: 2)(.zeros(2, 3, 9, 9))
        },
        .init("transposed groups", ["LazyConvTranspose1d", "[3, 9] has 3 channels", "multiple of groups: 2"]) {
            _ = LazyConvTranspose1d(4, kernelSize: 3, groups: 2)(.zeros(3, 9))
        },
        .init("no channels", ["LazyConv2d", "[2, 0, 9, 9] has 0 channels"]) {
            _ = LazyConv2d(4, kernelSize: 3)(.zeros(2, 0, 9, 9))
        },
        .init("rank", ["conv2d", "[3, 9] has 2 dimensions", "[N, C, H, W]", "[C, H, W]"]) {
            _ = LazyConv2d(4, kernelSize: 3)(.zeros(3, 9))
        },
        .init("transposed rank", ["conv_transpose1d", "[N, C, L]"]) {
            _ = LazyConvTranspose1d(4, kernelSize: 3)(.zeros(3), outputSize: [5])
        },
        .init("integers", ["LazyConv3d", "int64"]) {
            _ = LazyConv3d(4, kernelSize: 1)(.zeros([1, 1, 1, 1, 1], dtype: .int64))
        },
        .init("outputs and groups", ["LazyConv2d", "outChannels: 3 is not a multiple of groups: 2"]) {
            _ = LazyConv2d(3, kernelSize: 3, groups: 2)(.zeros(2, 4, 9, 9))
        },
        .init("outputs", ["LazyConv1d", "outChannels is -1"]) {
            _ = LazyConv1d(-1, kernelSize: 3)(.zeros(1, 1, 5))
        },
        .init("padding mode", ["LazyConvTranspose2d", "paddingMode is .reflect"]) {
            _ = LazyConvTranspose2d(1, kernelSize: 3, paddingMode: .reflect)
        },
        .init("before the first batch", ["parameter", "the shape [8, ?, 3, 3] is not known yet"]) {
            _ = LazyConv2d(8, kernelSize: 3).weight.data
        },
        .init("transposed, before the first batch", ["parameter", "the shape [?, 4, 3] is not known yet"]) {
            _ = LazyConvTranspose1d(8, kernelSize: 3, groups: 2).weight.data
        },
    ]

    @Test(arguments: refusals) func isRefused(_ refused: LayerErrorTests.Case) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }

    @Test func aRefusedBatchLeavesTheLayerLazy() throws {
        let layer = LazyConv2d(4, kernelSize: 3, groups: 2)
        var failed = Tensor.zeros(1)
        for shape: Shape in [[2, 3, 9, 9], [9, 9], [2, 0, 9, 9]] {
            #expect(message { failed = layer(.zeros(shape)) } != nil)
        }
        // Nothing is learnt of a result that stands for nothing, and no second error is raised of it.
        #expect(message { _ = layer(failed) } == nil)
        #expect(message { _ = layer.stateDict() }?.contains("no elements yet: weight, bias") == true)
        #expect(layer.description == "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)")
        #expect(layer(.zeros(2, 6, 9, 9)).shape == [2, 4, 7, 7])
        // From now on batches must fit.
        #expect(message { _ = layer(.zeros(2, 4, 9, 9)) }?.contains("Expected in_channels: 4") == true)
    }

    @Test func aStateThatDoesNotFitIsRefused() throws {
        let layer = LazyConvTranspose1d(4, kernelSize: 3, groups: 2)
        let error = try #require(throws: StateDictError.self) {
            try layer.load(StateDict([("weight", .zeros(3, 4, 3)), ("bias", .zeros(4))]))
        }
        #expect(error.description.contains("weight: the module has shape [-1, 2, 3], the state dictionary [3, 4, 3]"))
        try layer.load(StateDict([("weight", .zeros(3, 2, 3)), ("bias", .zeros(4))]))
        let text = message { _ = layer(.zeros(1, 3, 5)) }
        #expect(text?.contains("the loaded weight [3, 2, 3] takes 3 channels") == true)
        let loaded = LazyConv1d(4, kernelSize: 3)
        try loaded.load(Conv1d(3, 4, kernelSize: 3).stateDict())
        #expect(message { _ = loaded(.zeros(1, 2, 5)) }?.contains("Expected in_channels: 2") == true)
    }
}
