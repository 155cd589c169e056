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
}
