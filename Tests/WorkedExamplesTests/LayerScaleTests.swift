import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct LayerScaleTests {
    @Test func textAndState() {
        #expect(LayerScale(3).description == "LayerScale(3, initial_value=1e-05)")
        #expect(LayerScale(3).stateDict().map(\.key) == ["weight"])
    }

    @Test func scalesEachChannel() {
        let layer = LayerScale(2)
        layer.weight.data = Tensor([2.0, -1.0])
        let x = Tensor([[[1.0, 2.0], [3.0, 4.0]]]).requiringGrad()
        let y = layer(x)
        #expect(y.array() == [2, 4, -3, -4])
        y.sum().backward()
        #expect(x.grad?.array() == [2, 2, -1, -1])
        #expect(layer.weight.grad?.array() == [3, 7])
    }

    @Test func refusals() {
        #expect(message(of: { _ = LayerScale(0) })?.contains("numChannels is 0. It must be at least 1.") ?? false)
        #expect(
            message(of: { _ = LayerScale(3)(.ones(1, 2, 4)) })?
                .contains("the input [1, 2, 4] has not the layer's 3 channels. Expected [N, 3, …]") ?? false)
    }
}
