import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

@Suite struct ClippingTests {
    private func makeParameters() -> [Parameter] {
        let parameters = [Parameter(.zeros(2)), Parameter(.zeros(1, 1)), Parameter(.zeros(3))]
        parameters[0].grad = Tensor([3, 0] as [Float])
        parameters[1].grad = Tensor([[-4]] as [[Float]])
        return parameters
    }

    @Test(arguments: [(2, 5), (1, 7), (.infinity, 4), (-.infinity, 0), (0, 2)] as [(Double, Double)])
    func theNormIsThatOfAllGradients(order: Double, norm: Double) {
        let found: Double = clipGradNorm(makeParameters(), maxNorm: 100, normType: order).item()
        #expect(abs(found - norm) < 1e-6)
    }

    @Test func gradientsShrinkTogether() {
        let parameters = makeParameters()
        #expect(clipGradNorm(parameters, maxNorm: 1).item() == 5.0)
        #expect(abs((parameters[0].grad?.array()[0] ?? 0) - 0.6) < 1e-6)
        #expect(abs((parameters[1].grad?.item() ?? 0) + 0.8) < 1e-6)
        #expect(parameters[2].grad == nil)
        // Smaller ones are left as they are.
        let small = makeParameters()
        clipGradNorm(small, maxNorm: 6)
        #expect(small[0].grad?.array() == [3, 0] as [Float])
        #expect(clipGradNorm([parameters[2]], maxNorm: 1).item() == 0.0)
    }

    @Test func aNormThatIsNotFiniteCanBeAnError() {
        let parameters = makeParameters()
        parameters[0].grad = Tensor([.infinity, 1] as [Float])
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { clipGradNorm(parameters, maxNorm: 1, errorIfNonfinite: true) }
        }
        #expect(error?.description.contains("the norm of order 2.0 of the gradients is inf") == true)
        #expect(parameters[1].grad?.item() == -4.0)
        clipGradNorm(parameters, maxNorm: 1)
        let clipped = parameters[0].grad?.array() ?? []
        #expect(clipped[0].isNaN && clipped[1] == 0)
    }

    @Test func valuesAreCut() {
        let parameters = makeParameters()
        parameters[2].grad = Tensor([.nan, -.infinity, 0.5] as [Float])
        clipGradValue(parameters, clipValue: 2)
        #expect(parameters[0].grad?.array() == [2, 0] as [Float])
        #expect(parameters[1].grad?.item() == -2.0)
        let last = parameters[2].grad?.array() ?? []
        #expect(last[0].isNaN && last[1] == -2 && last[2] == 0.5)
    }
}
