import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

@Suite struct LazyParameterTests {
    @Test func anOptimizerWantsElements() throws {
        let layer = LazyLinear(1)
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { _ = SGD(layer.parameters(), lr: 0.5) }
        }
        #expect(error?.description.contains("Run one batch through the model") == true)
    }

    @Test func afterTheFirstBatchALazyLayerTrains() {
        let layer = LazyLinear(1, bias: false)
        let x = Tensor([[1.0, 2.0]])
        _ = layer(x)
        layer.weight.data = Tensor([[3.0, 4.0]])
        let optimizer = SGD(layer.parameters(), lr: 0.5)
        layer(x).sum().backward()
        optimizer.step()
        #expect(layer.weight.data.array() == [2.5, 3] as [Float])
    }

    /// A step of lazy convolutions and normalisations is that of the network with the same weights.
    @Test func aLazyNetworkTrainsAsTheOneThatItBecomes() throws {
        let x = Tensor.randn(4, 3, 8, 8)
        func network(_ layers: Module...) -> Sequential { Sequential(layers) }
        let lazy = network(
            LazyConv2d(4, kernelSize: 3, bias: false), LazyBatchNorm2d(), ReLU(), LazyConvTranspose2d(2, kernelSize: 2),
            Flatten(), LazyLinear(1))
        let eager = network(
            Conv2d(3, 4, kernelSize: 3, bias: false), BatchNorm2d(4), ReLU(), ConvTranspose2d(4, 2, kernelSize: 2),
            Flatten(), Linear(98, 1))
        _ = lazy(x)
        #expect(lazy.description == eager.description)
        try eager.load(lazy.stateDict())
        let optimizers = [SGD(lazy.parameters(), lr: 0.1), SGD(eager.parameters(), lr: 0.1)]
        let before: [Float] = lazy.parameters()[0].data.array()
        for (network, optimizer) in zip([lazy, eager], optimizers) {
            (network(x) - 1).square().mean().backward()
            optimizer.step()
        }
        #expect(lazy.parameters()[0].data.array() != before)
        for (mine, its) in zip(lazy.stateDict(), eager.stateDict()) {
            #expect(mine.key == its.key)
            #expect(mine.tensor.array(as: Double.self) == its.tensor.array(as: Double.self))
        }
    }
}
