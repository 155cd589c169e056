import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Lazy normalisations against the layers that they become.
@Suite struct LazyNormTests {
    /// A lazy layer, and the one that it becomes with a batch.
    struct Case: Sendable, CustomTestStringConvertible {
        let batch: Shape
        /// The name of the class that it becomes, and what PyTorch 2.15 prints after the number of features.
        let name: String
        let text: String
        let lazy: @Sendable () -> RunningStatisticsNorm
        let eager: @Sendable () -> RunningStatisticsNorm
        var testDescription: String { "\(name), \(text)" }
    }

    static let cases = [
        Case(
            batch: [4, 3], name: "BatchNorm1d",
            text: "eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True",
            lazy: { LazyBatchNorm1d() }, eager: { BatchNorm1d(3) }),
        Case(
            batch: [4, 3, 2, 2], name: "BatchNorm2d",
            text: "eps=0.001, momentum=None, affine=True, bias=True, track_running_stats=True",
            lazy: { LazyBatchNorm2d(eps: 1e-3, momentum: nil) }, eager: { BatchNorm2d(3, eps: 1e-3, momentum: nil) }),
        Case(
            batch: [4, 3, 2, 2, 2], name: "BatchNorm3d",
            text: "eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True",
            lazy: { LazyBatchNorm3d(affine: false) }, eager: { BatchNorm3d(3, affine: false) }),
        // Unlike instance norms, lazy ones have state by default.
        Case(
            batch: [4, 3, 5], name: "InstanceNorm1d",
            text: "eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True",
            lazy: { LazyInstanceNorm1d() }, eager: { InstanceNorm1d(3, affine: true, trackRunningStats: true) }),
        Case(
            batch: [2, 3, 4, 5], name: "InstanceNorm2d",
            text: "eps=1e-05, momentum=0.1, affine=True, bias=False, track_running_stats=True",
            lazy: { LazyInstanceNorm2d(bias: false) },
            eager: { InstanceNorm2d(3, affine: true, trackRunningStats: true, bias: false) }),
        // One sample without a batch; PyTorch takes the height for the channels there, and refuses it then.
        Case(
            batch: [3, 2, 4, 5], name: "InstanceNorm3d",
            text: "eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=False",
            lazy: { LazyInstanceNorm3d(trackRunningStats: false) }, eager: { InstanceNorm3d(3, affine: true) }),
    ]

    /// Equal results in both modes, and equal state after them.
    private func expectEqual(_ layer: RunningStatisticsNorm, _ eager: RunningStatisticsNorm, on x: Tensor) {
        #expect(layer(x).array() == eager(x).array() as [Float])
        layer.eval()
        eager.eval()
        #expect(layer(x).array() == eager(x).array() as [Float])
        let (state, expected) = (layer.stateDict(), eager.stateDict())
        #expect(state.keys == expected.keys)
        for (mine, its) in zip(state, expected) {
            #expect(mine.tensor.shape == its.tensor.shape)
            #expect(mine.tensor.array(as: Double.self) == its.tensor.array(as: Double.self))
        }
        #expect(layer.description == eager.description)
    }

    @Test(arguments: cases) func theFirstBatchMakesTheLayer(_ example: Case) {
        let layer = example.lazy()
        #expect(layer.description == "Lazy\(example.name)(0, \(example.text))")
        #expect(layer.hasUninitializedParameters)
        expectEqual(layer, example.eager(), on: .randn(example.batch))
        #expect(layer.description == "\(example.name)(3, \(example.text))")
        #expect(!layer.hasUninitializedParameters)
        // From now on batches must fit.
        let other = example.batch.dimensions.map { $0 == 3 ? 6 : $0 }
        #expect(message { _ = layer(.zeros(Shape(other))) }?.contains("Expected num_features: 6") == true)
    }

    @Test(arguments: cases) func aStateDictionarySaysTheSizes(_ example: Case) throws {
        let (layer, eager) = (example.lazy(), example.eager())
        _ = eager(.randn(example.batch))
        eager.weight?.data = Tensor([2.0, 3, 4])
        try layer.load(eager.stateDict())
        #expect(!layer.hasUninitializedParameters)
        expectEqual(layer, eager, on: .randn(example.batch))
    }

    @Test func theTypeIsKept() {
        let layer = LazyBatchNorm2d()
        layer.to(.float64)
        #expect(layer(.randn([2, 3, 2, 2], dtype: .float64)).dtype == .float64)
        #expect(layer.weight?.data.dtype == .float64 && layer.runningVar?.data.dtype == .float64)
        #expect(layer.numBatchesTracked?.data.array(as: Double.self) == [1])
    }

    /// There is nothing to size: as in PyTorch any number of channels is taken, and 0 is printed.
    @Test func withoutStateTheNumberOfChannelsMeansNothing() {
        let layers = [
            LazyBatchNorm2d(affine: false, trackRunningStats: false),
            LazyInstanceNorm2d(affine: false, trackRunningStats: false),
        ]
        for layer in layers {
            #expect(!layer.hasUninitializedParameters)
            #expect(layer.description.hasPrefix("Lazy"))
            let x = Tensor.randn(2, 3, 4, 5)
            let expected =
                layer is BatchNorm
                ? BatchNorm2d(3, affine: false, trackRunningStats: false)(x) : InstanceNorm2d(3)(x)
            #expect(layer(x).array() == expected.array() as [Float])
            #expect(layer(.zeros(2, 5, 4, 4)).shape == [2, 5, 4, 4])
            #expect(
                layer.description.hasSuffix(
                    "Norm2d(0, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)"))
            #expect(!layer.description.hasPrefix("Lazy"))
        }
    }

    @Test func refusedBatchesLeaveTheLayerLazy() throws {
        let layer = LazyBatchNorm2d()
        var failed = Tensor.zeros(1)
        #expect(message { failed = layer(.zeros(2, 3, 9)) }?.contains("Expected 4: [N, C, H, W]") == true)
        #expect(message { _ = layer(failed) } == nil)
        #expect(message { _ = layer(.zeros([2, 3, 2, 2], dtype: .int64)) }?.contains("int64") == true)
        let text = message { _ = LazyInstanceNorm1d()(.zeros(3)) }
        #expect(text?.contains("Expected 2 or 3: [N, C, L], or [C, L] without a batch") == true)
        #expect(
            message { _ = LazyBatchNorm1d()(.zeros(3)) }?.contains("Expected 2 or 3: [N, C] or [N, C, L]") == true)
        #expect(layer.hasUninitializedParameters && layer.numFeatures == 0)
        try layer.load(
            StateDict([("weight", .ones(3)), ("running_mean", .zeros(4))]), strict: false)
        let mixed = message { _ = layer(.zeros(2, 3, 2, 2)) }
        #expect(mixed?.contains("the loaded state is of 3 and 4 channels") == true)
    }

    @Test func whatIsLoadedStaysAndTheRestIsMade() throws {
        let layer = LazyBatchNorm1d()
        try layer.load(StateDict([("bias", Tensor([5.0, 6]))]), strict: false)
        layer.eval()
        #expect(layer(.zeros(1, 2)).array() == [5, 6] as [Float])
        #expect(layer.runningVar?.data.array() == [1, 1] as [Float])
    }
}
