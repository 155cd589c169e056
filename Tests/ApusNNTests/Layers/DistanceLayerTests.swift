import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Results that are found by hand: vectors of 3, 4 and 5.
@Suite struct DistanceLayerTests {
    private let x = Tensor([[3.0, 4.0], [1.0, 0.0]])
    private let y = Tensor([[4.0, 3.0], [0.0, 2.0]])

    private func isClose(_ tensor: Tensor?, _ expected: [Double]) -> Bool {
        guard let values = tensor?.array(as: Double.self) else { return false }
        return values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) <= 1e-5 }
    }

    @Test func textsAndStates() {
        for layer in [CosineSimilarity(), CosineSimilarity(dim: 0, eps: 1), PairwiseDistance(p: 1, keepdim: true)] {
            #expect(["CosineSimilarity()", "PairwiseDistance()"].contains(layer.description))
            #expect(layer.stateDict().isEmpty)
        }
    }

    @Test func cosineSimilarity() {
        // (12 + 12) / (5 · 5), and a right angle.
        #expect(isClose(CosineSimilarity()(x, y), [0.96, 0]))
        // Along the columns: 12 / (√10 · 4) and 12 / (4 · √13).
        let columns = [10, 13].map { 3 / Double($0).squareRoot() }
        #expect(isClose(CosineSimilarity(dim: 0)(x, y), columns))
        // Norms below ε count as ε.
        #expect(isClose(CosineSimilarity(eps: 10)(x, y), [0.24, 0]))
        #expect(CosineSimilarity(dim: -1)(.ones(2, 1, 3), .ones(4, 3)).shape == [2, 4])
    }

    @Test func pairwiseDistance() {
        // (−1, 1) and (1, −2).
        let roots = [2, 5].map { Double($0).squareRoot() }
        #expect(isClose(PairwiseDistance()(x, y), roots))
        let layer = PairwiseDistance(p: 1, eps: 0, keepdim: true)
        #expect(layer(x, y).shape == [2, 1])
        #expect(isClose(layer(x, y), [2, 3]))
        #expect(isClose(PairwiseDistance(p: .infinity, eps: 1)(x, y), [2, 2]))
        #expect(PairwiseDistance()(x[0], y[0]).shape == [])
    }

    @Test func gradients() {
        let (a, b) = (Tensor([[3.0, 4.0]]).requiringGrad(), Tensor([[0.0, 0.0]]).requiringGrad())
        PairwiseDistance(eps: 0)(a, b).sum().backward()
        #expect(isClose(a.grad, [0.6, 0.8]) && isClose(b.grad, [-0.6, -0.8]))
        let (c, d) = (Tensor([[3.0, 4.0]]).requiringGrad(), Tensor([[1.0, 0.0]]))
        CosineSimilarity()(c, d).sum().backward()
        // d / (‖c‖ · ‖d‖) − cos · c / ‖c‖² = 1/5 − 3/5 · 3/25, −3/5 · 4/25.
        #expect(isClose(c.grad, [0.128, -0.096]))
        // Checked against PyTorch 2.15.
        #expect(CosineSimilarity()(c, d).gradientFunctionName == "SumBackward1")
        #expect(PairwiseDistance()(c, d).gradientFunctionName == "NormBackward1")
    }

    @Test func refusals() {
        #expect(
            message { _ = CosineSimilarity()(.zeros(2, 3), .zeros(2, 4)) }?
                .contains("cosine_similarity: the shapes [2, 3] and [2, 4] do not broadcast") == true)
        #expect(message { _ = CosineSimilarity(dim: 2)(x, y) }?.contains("cosine_similarity") == true)
        #expect(message { _ = PairwiseDistance()(.zeros(2, 3), .zeros(2, 4)) }?.contains("[2, 4]") == true)
        // Neither is called with one tensor.
        #expect(message { _ = CosineSimilarity().forward(x) }?.contains("CosineSimilarity") == true)
    }
}
