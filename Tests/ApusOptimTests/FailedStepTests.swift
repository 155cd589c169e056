import ApusEngine
import ApusGraph
import ApusNN
import Testing

@testable import ApusOptim

@Suite("Failed steps")
struct FailedStepTests {
    @Test("a class out of range leaves parameters and state as they were")
    func parametersSurvive() throws {
        let layer = Linear(4, 3)
        let optimizer = Adam(layer.parameters(), lr: 0.1)
        let input = Tensor.ones(2, 4)
        func step(_ classes: [Int64]) {
            optimizer.zeroGrad()
            crossEntropy(layer(input), Tensor(classes)).backward()
            optimizer.step()
        }
        step([0, 1])
        let weight = layer.weight.data.array()
        let mean = optimizer.state(of: layer.weight).tensors["exp_avg"]?.array()
        let error = #expect(throws: TensorError.self) { try withTensorErrors { step([0, 7]) } }
        #expect(error?.description.contains("class 7 of sample 1 is out of range") == true)
        #expect(layer.weight.data.array() == weight)
        #expect(optimizer.state(of: layer.weight).tensors["exp_avg"]?.array() == mean)
        #expect(optimizer.state(of: layer.weight).step == 1)
        step([2, 1])
        #expect(layer.weight.data.array() != weight)
    }
}
