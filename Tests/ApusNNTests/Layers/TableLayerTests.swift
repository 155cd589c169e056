import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct TableLayerTests {
    @Test func embeddingLooksUpRows() {
        let layer = Embedding.fromPretrained(Tensor([[1.0, 2], [3, 4], [5, 6]]), freeze: false, paddingIdx: 1)
        let rows = layer(Tensor([[2, 1], [2, 0]]))
        #expect(rows.shape == [2, 2, 2])
        #expect(rows.gradientFunctionName == "EmbeddingBackward0")
        #expect(rows.array() == [5, 6, 3, 4, 5, 6, 1, 2])
        rows.sum().backward()
        // Row 2 was looked up twice; the padding takes no gradient.
        #expect(layer.weight.grad?.array() == [1, 1, 0, 0, 2, 2])
    }

    @Test func embeddingDividesByFrequency() {
        let layer = Embedding(3, 1, scaleGradByFreq: true)
        (layer(Tensor([2, 2, 0])) * Tensor([[1.0], [5], [7]])).sum().backward()
        #expect(layer.weight.grad?.array() == [7, 0, 3])
    }

    @Test func embeddingBoundsItsRows() {
        let layer = Embedding.fromPretrained(Tensor([[3.0, 4], [6, 8], [0, 0.5]]), maxNorm: 1)
        let rows: [Float] = layer(Tensor([0, 2])).array()
        #expect(zip(rows, [0.6, 0.8, 0, 0.5]).allSatisfy { abs($0 - $1) < 1e-6 })
        // The table itself changed, but for the row that nobody looked up.
        #expect(zip(layer.weight.data.array(), [0.6, 0.8, 6, 8, 0, 0.5]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(!layer.weight.requiresGrad)
    }

    @Test func embeddingStartsWithItsPaddingAtZero() {
        let layer = Embedding(5, 3, paddingIdx: -1)
        #expect(layer.paddingIdx == 4)
        #expect(layer.weight.data[4].array() == [0, 0, 0])
        #expect(layer.weight.data[0..<4].abs().min().item() > 0)
        #expect(layer.stateDict().map(\.key) == ["weight"])
        #expect("\(layer)" == "Embedding(5, 3, padding_idx=4)")
        #expect(
            "\(Embedding(5, 3, maxNorm: 1, normType: 3, scaleGradByFreq: true))"
                == "Embedding(5, 3, max_norm=1.0, norm_type=3.0, scale_grad_by_freq=True)")
    }

    @Test func bilinearComputesItsForm() {
        let layer = Bilinear(2, 2, 1)
        layer.weight.data = Tensor([[[1.0, 2], [3, 4]]])
        layer.bias?.data = Tensor([10.0])
        // [1, 2] · [[1, 2], [3, 4]] · [5, 6] = [7, 10] · [5, 6]
        let result = layer(Tensor([[1.0, 2]]), Tensor([[5.0, 6]]))
        #expect(result.array() == [105])
        #expect(result.shape == [1, 1])
        #expect(layer(.ones([3, 4, 2]), .ones([3, 4, 2])).shape == [3, 4, 1])
        #expect(layer(.ones([0, 2]), .ones([0, 2])).shape == [0, 1])
        #expect("\(layer)" == "Bilinear(in1_features=2, in2_features=2, out_features=1, bias=True)")
        #expect(layer.stateDict().map(\.key) == ["weight", "bias"])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let fragments: [String]
        let body: @Sendable () -> Void
        var testDescription: String { fragments.joined(separator: " … ") }

        init(_ fragments: String..., body: @escaping @Sendable () -> Void) {
            (self.fragments, self.body) = (fragments, body)
        }
    }

    static let refusals: [Refusal] = [
        Refusal("Embedding", "paddingIdx is 5", "from -5 to 4") { _ = Embedding(5, 3, paddingIdx: 5) },
        Refusal("Embedding", "sparse: true is not supported") { _ = Embedding(5, 3, sparse: true) },
        Refusal("Embedding", "numEmbeddings is -1") { _ = Embedding(-1, 3) },
        Refusal("Embedding", "float32", "int64") { _ = Embedding(5, 3)(.zeros([2])) },
        Refusal("position 5 at [1]", "dimension 0 of size 5", "0 to 4") {
            _ = Embedding(5, 3)(Tensor([0, 5])).array(as: Float.self)
        },
        Refusal("position -1") { _ = Embedding(5, 3)(Tensor([-1])).array(as: Float.self) },
        Refusal("fromPretrained", "[4] have 1 dimensions") { _ = Embedding.fromPretrained(.zeros([4])) },
        Refusal("Bilinear", "in1Features is 0") { _ = Bilinear(0, 2, 3) },
        Refusal("Bilinear", "[3, 3] and [3, 5]", "in2_features: 4") {
            _ = Bilinear(3, 4, 2)(.zeros(3, 3), .zeros(3, 5))
        },
        Refusal("Bilinear", "[3, 3] and [4, 4]", "equal sizes") { _ = Bilinear(3, 4, 2)(.zeros(3, 3), .zeros(4, 4)) },
    ]

    @Test(arguments: refusals) func refuses(_ refusal: Refusal) {
        let text = message(of: refusal.body) ?? "it was accepted"
        for fragment in refusal.fragments { #expect(text.contains(fragment), "\(text)") }
    }
}
