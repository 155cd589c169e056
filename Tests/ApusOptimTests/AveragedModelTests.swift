import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

@Suite struct AveragedModelTests {
    private func makeModel() -> (net: Sequential, weight: Parameter, mean: Buffer) {
        let norm = BatchNorm2d(1)
        let net = Sequential(norm)
        return (net, norm.parameters()[0], net.buffers()[0])
    }

    private func set(_ model: (net: Sequential, weight: Parameter, mean: Buffer), _ value: Float) {
        model.weight.data = .full([1], value)
        model.mean.data = .full([1], value)
    }

    @Test func equalWeightsMakeTheMean() {
        let model = makeModel()
        let average = AveragedModel(model.net)
        for value: Float in [1, 2, 6] {
            set(model, value)
            average.updateParameters()
        }
        #expect(average.averagedCount == 3)
        let (weight, mean) = average.withAveragedWeights {
            (model.weight.data.item() as Double, model.mean.data.item() as Double)
        }
        #expect(abs(weight - 3) < 1e-6)
        // Buffers are those of the last update.
        #expect(mean == 6)
        #expect(model.weight.data.item() == 6.0)
    }

    @Test func theExponentialMeanForgets() {
        let model = makeModel()
        let average = ExponentialMovingAverage(model.net, decay: 0.75, useBuffers: true)
        for value: Float in [4, 8, 0] {
            set(model, value)
            average.updateParameters()
        }
        // 4, then 4 + 8 / 4 − 4 / 4 = 5, then 3.75.
        #expect(average.withAveragedWeights { model.weight.data.item() } == 3.75)
        #expect(average.withAveragedWeights { model.mean.data.item() } == 3.75)
        #expect(model.mean.data.item() == 0.0)
    }

    /// The decays are 0 at first, then 2 / 11 and 3 / 12, below 0.99.
    @Test func theWarmingMeanForgetsItsBeginning() {
        let model = makeModel()
        let average = AveragedModel(model.net, averaging: .warmingExponential(decay: 0.99), useBuffers: true)
        for value: Float in [4, 8, 0] {
            set(model, value)
            average.updateParameters()
        }
        let expected = (4 * 2.0 / 11 + 8 * 9.0 / 11) * 3 / 12
        for tensor in average.withAveragedWeights({ [model.weight.data, model.mean.data] }) {
            #expect(abs(tensor.item() - expected) < 1e-6)
        }
        // Behind many updates it is the usual one: (1 + n) / (10 + n) is above 0.5 from n = 8 on.
        let late = AveragedModel(model.net, averaging: .warmingExponential(decay: 0.5))
        set(model, 0)
        for _ in 0..<9 { late.updateParameters() }
        set(model, 2)
        late.updateParameters()
        #expect(late.withAveragedWeights { model.weight.data.item() } == 1.0)
    }

    @Test func averagesJoinTheNextStep() {
        let layer = Linear(2, 1, bias: false)
        layer.weight.data = .ones(1, 2)
        let average = ExponentialMovingAverage(layer, decay: 0.5)
        let optimizer = SGD(layer.parameters(), lr: 1)
        for _ in 0..<3 {
            layer.weight.grad = .ones(1, 2)
            optimizer.step()
            average.updateParameters()
        }
        // The weights are 0, −1, −2.
        #expect(average.withAveragedWeights { layer.weight.data.array() } == [-1.25, -1.25] as [Float])
    }

    @Test func savedAveragesGoOn() throws {
        let (model, other) = (makeModel(), makeModel())
        let average = AveragedModel(model.net)
        set(model, 2)
        average.updateParameters()
        set(model, 4)
        average.updateParameters()
        let state = average.stateDict()
        #expect(state.keys.prefix(2) == ["n_averaged", "module.0.weight"])
        let restored = AveragedModel(other.net)
        try restored.load(state)
        #expect(restored.averagedCount == 2)
        set(other, 9)
        restored.updateParameters()
        #expect(restored.withAveragedWeights { other.weight.data.item() } == 5.0)
        #expect(throws: TensorError.self) { try restored.load(model.net.stateDict()) }
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { _ = ExponentialMovingAverage(model.net, decay: 1.5) }
        }
        #expect(error?.description.contains("decay is 1.5. It must be from 0 to 1.") == true)
    }
}
