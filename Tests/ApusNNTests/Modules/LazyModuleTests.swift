import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct LazyModuleTests {
    @Test func theFirstBatchSaysHowManyFeaturesThereAre() {
        let layer = LazyLinear(2)
        #expect(layer.description == "LazyLinear(in_features=0, out_features=2, bias=True)")
        #expect(layer.hasUninitializedParameters)
        #expect(layer.parameters().count == 2)
        #expect(layer(.zeros(4, 3, 7)).shape == [4, 3, 2])
        #expect(layer.description == "Linear(in_features=7, out_features=2, bias=True)")
        #expect(layer.inFeatures == 7)
        #expect(layer.weight.shape == [2, 7])
        #expect(layer.bias?.shape == [2])
        #expect(!layer.hasUninitializedParameters)
        #expect(
            LazyLinear(1, bias: false).description == "LazyLinear(in_features=0, out_features=1, bias=False)")
        // Drawn as Linear draws them: within ±1 / √7, and not all alike.
        let weight: [Float] = layer.weight.data.array()
        #expect(weight.allSatisfy { $0.magnitude <= 0.378 } && Set(weight).count > 10)
        // Later batches must fit.
        #expect(message { _ = layer(.zeros(4, 6)) }?.contains("Expected in_features: 6") == true)
    }

    @Test func aStateDictionaryInitialises() throws {
        let layer = LazyLinear(2)
        try layer.load(StateDict([("weight", Tensor([[1.0, 2], [3, 4]])), ("bias", Tensor([5.0, 6]))]))
        #expect(!layer.hasUninitializedParameters)
        #expect(layer(Tensor([[1.0, 1]])).array() == [8, 13] as [Float])
        #expect(layer.inFeatures == 2)
        #expect(layer.stateDict().keys == ["weight", "bias"])
    }

    @Test func aStateDictionaryOfAnotherShapeIsRefused() throws {
        let layer = LazyLinear(2)
        let error = try #require(throws: StateDictError.self) {
            try layer.load(StateDict([("weight", .zeros(3, 4)), ("bias", .zeros(2))]))
        }
        #expect(error.description.contains("weight: the module has shape [2, -1], the state dictionary [3, 4]"))
        #expect(layer.hasUninitializedParameters)
    }

    @Test func whatIsLoadedStaysAndTheRestIsDrawn() throws {
        let layer = LazyLinear(2)
        try layer.load(StateDict([("bias", Tensor([5.0, 6]))]), strict: false)
        _ = layer(.zeros(1, 3))
        #expect(layer.weight.shape == [2, 3])
        #expect(layer.bias?.data.array() == [5, 6] as [Float])
    }

    @Test func theTypeIsKeptForTheFirstBatch() {
        let layer = LazyLinear(2)
        layer.to(.float64)
        #expect(layer.weight.dtype == .float64)
        #expect(layer(.zeros([1, 3], dtype: .float64)).dtype == .float64)
        #expect(layer.weight.data.dtype == .float64)
    }

    @Test func buffersCanBeLazyToo() throws {
        final class Layer: Module {
            let mean = Buffer(uninitialized: [nil], dtype: .float64)
        }
        let layer = Layer()
        #expect(layer.hasUninitializedParameters)
        #expect(message { _ = layer.mean.shape }?.contains("the shape [?] is not known yet") == true)
        try layer.load(StateDict([("mean", Tensor([1.0, 2]))]))
        #expect(layer.mean.isInitialized && layer.mean.dtype == .float64)
        #expect(layer.mean.data.array(as: Double.self) == [1, 2])
    }

    @Test func useBeforeTheFirstBatchIsAnErrorThatSaysSo() {
        let net = Sequential(ReLU(), LazyLinear(2))
        let state = message { _ = net.stateDict() }
        #expect(state?.contains("Sequential.stateDict: no elements yet: 1.weight, 1.bias.") == true)
        #expect(state?.contains("run one batch") == true)
        #expect(message { _ = net.parameters()[0].data }?.contains("the shape [2, ?] is not known yet") == true)
        #expect(message { _ = LazyLinear(-1)(.zeros(1, 3)) }?.contains("outFeatures is -1") == true)
        let layer = LazyLinear(2)
        #expect(message { _ = layer(.zeros([])) }?.contains("Expected [.., in_features]") == true)
        #expect(message { _ = layer(.zeros([2, 3], dtype: .int64)) }?.contains("int64") == true)
        #expect(message { layer.weight.data = .zeros(3, 3) }?.contains("do not fit the lazy shape [2, ?]") == true)
        // Nothing of this has ended the laziness.
        #expect(layer.hasUninitializedParameters)
        #expect(layer(.zeros(1, 5)).shape == [1, 2])
    }
}
