import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Results small enough to be found by hand; PyTorch's own answers are compared by the conformance tests.
@Suite struct NormalizationTests {
    private func isClose(_ tensor: Tensor?, _ expected: [Double], tolerance: Double = 1e-6) -> Bool {
        guard let values = tensor?.array(as: Double.self) else { return false }
        return values.count == expected.count
            && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }

    @Test func textsAreThoseOfPyTorch() {
        let net = Sequential(
            BatchNorm1d(2), BatchNorm3d(4, eps: 1e-3, momentum: nil, bias: false), InstanceNorm1d(2),
            InstanceNorm2d(3, affine: true, trackRunningStats: true), InstanceNorm3d(1, momentum: nil), LayerNorm(5),
            LayerNorm([3, 4], eps: 1e-6, bias: false), LayerNorm(5, elementwiseAffine: false), RMSNorm(5),
            RMSNorm([5, 5], eps: 1e-3, elementwiseAffine: false), GroupNorm(2, 6), GroupNorm(2, 6, affine: false),
            LocalResponseNorm(5), Dropout(), Dropout1d(0.25), Dropout2d(), Dropout3d(),
            AlphaDropout(0.3, inplace: true),
            FeatureAlphaDropout())
        #expect(
            net.description == """
                Sequential(
                  (0): BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (1): BatchNorm3d(4, eps=0.001, momentum=None, affine=True, bias=False, track_running_stats=True)
                  (2): InstanceNorm1d(2, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)
                  (3): InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (4): InstanceNorm3d(1, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=False)
                  (5): LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)
                  (6): LayerNorm((3, 4), eps=1e-06, elementwise_affine=True, bias=False)
                  (7): LayerNorm((5,), eps=1e-05, elementwise_affine=False, bias=False)
                  (8): RMSNorm((5,), eps=None, elementwise_affine=True)
                  (9): RMSNorm((5, 5), eps=0.001, elementwise_affine=False)
                  (10): GroupNorm(2, 6, eps=1e-05, affine=True, bias=True)
                  (11): GroupNorm(2, 6, eps=1e-05, affine=False, bias=False)
                  (12): LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
                  (13): Dropout(p=0.5, inplace=False)
                  (14): Dropout1d(p=0.25, inplace=False)
                  (15): Dropout2d(p=0.5, inplace=False)
                  (16): Dropout3d(p=0.5, inplace=False)
                  (17): AlphaDropout(p=0.3, inplace=True)
                  (18): FeatureAlphaDropout(p=0.5, inplace=False)
                )
                """)
    }

    @Test func stateKeys() {
        func keys(_ module: Module) -> [String] { module.stateDict().map(\.key) }
        let running = ["running_mean", "running_var", "num_batches_tracked"]
        #expect(keys(BatchNorm1d(2)) == ["weight", "bias"] + running)
        #expect(keys(BatchNorm3d(2, affine: false)) == running)
        #expect(keys(BatchNorm2d(2, trackRunningStats: false, bias: false)) == ["weight"])
        #expect(keys(InstanceNorm2d(2)).isEmpty)
        #expect(keys(InstanceNorm1d(2, affine: true, trackRunningStats: true)) == ["weight", "bias"] + running)
        #expect(keys(LayerNorm([2, 3])) == ["weight", "bias"])
        #expect(keys(LayerNorm(3, bias: false)) == ["weight"])
        #expect(keys(RMSNorm(3)) == ["weight"])
        #expect(keys(RMSNorm(3, elementwiseAffine: false)).isEmpty)
        #expect(keys(GroupNorm(1, 2, affine: false)).isEmpty)
        #expect(LayerNorm([2, 3]).weight?.shape == [2, 3])
    }

    @Test func layerNorm() {
        let layer = LayerNorm(2, eps: 0)
        layer.weight?.data = Tensor([2.0, 3.0])
        layer.bias?.data = Tensor([0.5, -1.0])
        // Means 2 and −1, deviations 1 and 3.
        #expect(isClose(layer(Tensor([[1.0, 3.0], [2.0, -4.0]])), [-1.5, 2, 2.5, -4]))
        // ε is added to the variance of 1: √4 = 2.
        #expect(isClose(LayerNorm(2, eps: 3, elementwiseAffine: false)(Tensor([[1.0, 3.0]])), [-0.5, 0.5]))
    }

    @Test func rmsNorm() {
        // √((9 + 16) / 2 + 3.5) = 4.
        #expect(isClose(RMSNorm(2, eps: 3.5)(Tensor([[3.0, -4.0]])), [0.75, -1]))
        // The mean square of zeros is 0; what is left is ε, 2⁻²³.
        #expect(isClose(RMSNorm(1)(Tensor([[0x1p-12]])), [0x1p-12 / (0x1p-24 + 0x1p-23).squareRoot()]))
    }

    @Test func groupNorm() {
        let layer = GroupNorm(2, 4, eps: 0)
        layer.weight?.data = Tensor([1.0, 2.0, 1.0, 1.0])
        layer.bias?.data = Tensor([0.0, 0.0, 0.0, 10.0])
        // Groups [1, 3, 1, 3] (mean 2, deviation 1) and [0, 0, 6, 6] (3 and 3).
        let x = Tensor([[[1.0, 3.0], [1.0, 3.0], [0.0, 0.0], [6.0, 6.0]]])
        #expect(isClose(layer(x), [-1, 1, -2, 2, -1, -1, 11, 11]))
    }

    @Test func instanceNormTracksMeansOverTheBatch() {
        let layer = InstanceNorm1d(1, eps: 0, momentum: 0.5, trackRunningStats: true)
        let x = Tensor([[[1.0, 3.0]], [[2.0, 8.0]]])
        #expect(isClose(layer(x), [-1, 1, -1, 1]))
        // Means 2 and 5; variances divided by n − 1: 2 and 18.
        #expect(isClose(layer.runningMean?.data, [0.5 * 3.5]))
        #expect(isClose(layer.runningVar?.data, [0.5 * 1 + 0.5 * 10]))
        #expect(layer.numBatchesTracked?.data.item(as: Int.self) == 0)
        #expect(isClose(layer.eval()(Tensor([[1.75]])), [0]))
        let unmoved = InstanceNorm1d(1, momentum: nil, trackRunningStats: true)
        _ = unmoved(x)
        #expect(isClose(unmoved.runningMean?.data, [0]))
    }

    @Test func batchNorms() {
        let features = BatchNorm1d(2, eps: 1e-12)
        #expect(isClose(features(Tensor([[1.0, 5.0], [3.0, 9.0]])), [-1, -1, 1, 1]))
        #expect(isClose(BatchNorm3d(1, eps: 1e-12)(Tensor([[[[[1.0, 3.0]]]]])), [-1, 1]))
        #expect(isClose(BatchNorm1d(1, eps: 1e-12)(Tensor([[[1.0, 3.0]]])), [-1, 1]))
    }

    @Test func localResponseNorm() {
        // size 2: windows {c − 1, c}; k + 2 · Σ x² / 2 = 1 + [1, 5, 13].
        let layer = LocalResponseNorm(2, alpha: 2, beta: 1, k: 1)
        #expect(isClose(layer(Tensor([[[1.0], [2.0], [3.0]]])), [1.0 / 2, 2.0 / 6, 3.0 / 14]))
        // size 3: one neighbour on either side.
        let odd = LocalResponseNorm(3, alpha: 3, beta: 0.5, k: 2)
        #expect(isClose(odd(Tensor([[[1.0], [1.0], [1.0]]])), [0.5, 1 / 5.0.squareRoot(), 0.5]))
    }

    @Test func emptyBatches() {
        let batchNorm = BatchNorm2d(3)
        #expect(batchNorm(.zeros(0, 3, 4, 4)).shape == [0, 3, 4, 4])
        #expect(isClose(batchNorm.runningVar?.data, [1, 1, 1]))
        #expect(batchNorm.numBatchesTracked?.data.item(as: Int.self) == 1)
        #expect(batchNorm.eval()(.zeros(0, 3, 4, 4)).shape == [0, 3, 4, 4])
        for (layer, shape) in [
            (LayerNorm(3), [0, 3]), (RMSNorm(3), [0, 3]), (GroupNorm(1, 3), [0, 3, 4]), (LayerNorm(0), [2, 0]),
            (InstanceNorm2d(3, affine: true), [0, 3, 4, 4]), (LocalResponseNorm(3), [0, 3, 4]), (Dropout(), [0, 3]),
            (Dropout2d(), [0, 3, 2, 2]), (AlphaDropout(), [0]),
        ] as [(Module, [Int])] {
            let shape = Shape(shape)
            let x = Tensor.zeros(shape).requiringGrad()
            let y = layer(x)
            #expect(y.shape == shape)
            let gradients = (y * 2).sum().gradients(withRespectTo: [x] + layer.parameters().map { $0.tensor })
            #expect(gradients[0].shape == shape)
            for gradient in gradients.dropFirst() {
                #expect(gradient.array(as: Float.self).allSatisfy { $0 == 0 }, "\(layer)")
            }
        }
    }

    @Test func gradientNames() {
        let x = Tensor.randn(2, 4, 3).requiringGrad()
        for (layer, name) in [
            (LayerNorm(3), "NativeLayerNormBackward0"), (GroupNorm(2, 4), "NativeGroupNormBackward0"),
            (RMSNorm(3), "MulBackward0"), (InstanceNorm1d(4), "ViewBackward0"), (LocalResponseNorm(2), "DivBackward0"),
            (Dropout(), "MulBackward0"), (Dropout1d(), "MulBackward0"), (AlphaDropout(), "AddBackward0"),
            (AlphaDropout(1), "MulBackward0"), (BatchNorm1d(4), "NativeBatchNormBackward0"),
            (BatchNorm1d(4, affine: false).eval(), "NativeBatchNormBackward0"),
        ] as [(Module, String)] { #expect(layer(x).gradientFunctionName == name, "\(layer)") }
        #expect(InstanceNorm1d(4)(x[0]).gradientFunctionName == "SqueezeBackward1")
        #expect(Dropout1d()(x[0]).gradientFunctionName == "SqueezeBackward1")
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: String
        let body: @Sendable () -> Void

        init(_ name: String, _ expected: String, _ body: @escaping @Sendable () -> Void) {
            (testDescription, self.expected, self.body) = (name, expected, body)
        }
    }

    static let refused: [Refused] = [
        Refused(
            "batch norm 1d, rank", "batch_norm: the input [3, 2, 7, 9] has 4 dimensions. Expected 2 or 3: [N, C] or"
        ) {
            _ = BatchNorm1d(2)(.zeros(3, 2, 7, 9))
        },
        Refused("batch norm 1d, one value", "batch_norm: the input [1, 2] has one value per channel, which has no") {
            _ = BatchNorm1d(2)(.zeros(1, 2))
        },
        Refused("batch norm 3d, channels", "batch_norm: the input [1, 3, 2, 2, 2] has 3 channels, the layer has") {
            _ = BatchNorm3d(2)(.zeros(1, 3, 2, 2, 2))
        },
        Refused("batch norm, type", "batch_norm: the input is int64, the layer computes in float32.") {
            _ = BatchNorm1d(2)(.zeros([3, 2], dtype: .int64))
        },
        Refused("batch norm, no statistics", "batch_norm: outside of training runningMean and runningVar") {
            _ = Tensor.zeros(2, 2).batchNorm()
        },
        Refused("batch norm, negative", "BatchNorm3d: numFeatures is -1. It must be at least 0.") {
            _ = BatchNorm3d(-1)
        },
        Refused("layer norm, shape", "layer_norm: the input [3, 2, 9] does not end with normalizedShape [2, 10].") {
            _ = LayerNorm([2, 10])(.zeros(3, 2, 9))
        },
        Refused(
            "layer norm, rank", "layer_norm: the input [4] does not end with normalizedShape [3, 4]. Expected [*, 3,"
        ) {
            _ = LayerNorm([3, 4])(.zeros(4))
        },
        Refused("layer norm, empty", "LayerNorm: normalizedShape is []. Give the size of the last dimension") {
            _ = LayerNorm([Int]())
        },
        Refused("layer norm, negative", "LayerNorm: normalizedShape is -2. It must be at least 0.") {
            _ = LayerNorm(-2)
        },
        Refused(
            "layer norm, weight", "layer_norm: the input [3, 4] needs a weight, a bias and statistics of shape [4],"
        ) {
            _ = Tensor.zeros(3, 4).layerNorm(normalizedShape: [4], weight: .ones(3))
        },
        Refused("rms norm, shape", "rms_norm: the input [2, 3] does not end with normalizedShape [4]. Expected [*, 4].")
        {
            _ = RMSNorm(4)(.zeros(2, 3))
        },
        Refused("group norm, divisor", "GroupNorm: numGroups 3 does not divide numChannels 4.") {
            _ = GroupNorm(3, 4)
        },
        Refused("group norm, no groups", "GroupNorm: numGroups is 0. It must be at least 1.") { _ = GroupNorm(0, 4) },
        Refused(
            "group norm, channels", "group_norm: the input [3, 6, 7] has 6 channels, the layer has num_channels: 4."
        ) {
            _ = GroupNorm(2, 4)(.zeros(3, 6, 7))
        },
        Refused("group norm, one value", "group_norm: the input [1, 3] has one value for each of 3 groups") {
            _ = GroupNorm(3, 3)(.zeros(1, 3))
        },
        Refused("group norm, no positions", "group_norm: the input [2, 3, 0] has no positions: H · W is 0.") {
            _ = GroupNorm(1, 3)(.zeros(2, 3, 0))
        },
        Refused("group norm, rank", "group_norm: the input [3] has 1 dimensions. Expected at least 2: [N, C, …].") {
            _ = GroupNorm(1, 3)(.zeros(3))
        },
        Refused("instance norm, one value", "instance_norm: the input [3, 2, 1, 1] has one position for each sample") {
            _ = InstanceNorm2d(2)(.zeros(3, 2, 1, 1))
        },
        Refused(
            "instance norm, rank", "instance_norm: the input [7, 9] has 2 dimensions. Expected 3 or 4: [N, C, H, W],"
        ) {
            _ = InstanceNorm2d(2)(.zeros(7, 9))
        },
        Refused(
            "instance norm, channels",
            "instance_norm: the input [2, 7, 9] has 2 channels, the layer has num_features: 3"
        ) {
            _ = InstanceNorm2d(3, affine: true)(.zeros(2, 7, 9))
        },
        Refused(
            "instance norm, empty", "instance_norm: the input [0, 3, 4] is empty: there are no statistics to track."
        ) {
            _ = InstanceNorm1d(3, trackRunningStats: true)(.zeros(0, 3, 4))
        },
        Refused(
            "local response norm, rank", "local_response_norm: the input [7, 9] has 2 dimensions. Expected at least 3"
        ) {
            _ = LocalResponseNorm(3)(.zeros(7, 9))
        },
        Refused("local response norm, size", "LocalResponseNorm: size is 0. It must be at least 1.") {
            _ = LocalResponseNorm(0)
        },
        Refused("dropout above 1", "Dropout: the probability p is 1.5. Expected 0 to 1.") { _ = Dropout(1.5) },
        Refused("dropout of no number", "AlphaDropout: the probability p is nan. Expected 0 to 1.") {
            _ = AlphaDropout(.nan)
        },
        Refused("dropout of integers", "dropout: the input is int64. Cast it to .float32.") {
            _ = Dropout()(.zeros([3], dtype: .int64))
        },
        Refused("dropout 1d, rank", "dropout1d: the input [3] has 1 dimensions. Expected 3, [N, C, L], or 2 without") {
            _ = Dropout1d()(.zeros(3))
        },
        Refused("feature dropout, rank", "feature_dropout: the input [3] has 1 dimensions. Expected at least 2") {
            _ = Dropout2d()(.zeros(3))
        },
        Refused("bernoulli", "bernoulli: the probability p is -0.5. Expected 0 to 1.") {
            _ = Tensor.bernoulli([3], p: -0.5)
        },
        Refused("bernoulli of integers", "bernoulli: the probabilities are int64. Cast them to .float32.") {
            _ = Tensor([1, 0]).bernoulli()
        },
        Refused("randperm", "randperm: the count -1 is negative. Expected 0 or more.") { _ = Tensor.randperm(-1) },
        Refused("randint", "randint: there is no integer from 3 up to, not including, 3.") {
            _ = Tensor.randint(3, 3, [2])
        },
    ]

    @Test(arguments: refused) func isRefused(_ refused: Refused) throws {
        let text = try #require(message(of: refused.body))
        #expect(text.hasPrefix(refused.expected), "\(text)")
    }

    @Test func batchNormNeedsAnEpsilonInTraining() {
        let text = message { _ = BatchNorm1d(2, eps: 0)(.zeros(3, 2)) }
        #expect(text?.contains("batch_norm: eps is 0.0. By the batch's own statistics it must be above 0") == true)
        #expect(message { _ = BatchNorm1d(2, eps: -1).eval()(.zeros(3, 2)) }?.contains("eps is -1.0") == true)
        #expect(message { _ = BatchNorm1d(2, eps: 0).eval()(.zeros(3, 2)) } == nil)
        #expect(message { _ = InstanceNorm1d(2, eps: 0)(.ones(3, 2, 4)) } == nil)
    }
}
