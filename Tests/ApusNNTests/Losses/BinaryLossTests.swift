import ApusEngine
import ApusGraph
import ApusNN
import Foundation
import Testing

@Suite("Losses of yes and no")
struct BinaryLossTests {
    @Test func probabilities() {
        let x = Tensor([0.25, 0.5, 0.75])
        let y = Tensor([1.0, 0, 0.5])
        let expected = [log(4.0), log(2.0), 0.5 * (log(4 / 3.0) + log(4.0))]
        expect(binaryCrossEntropy(x, y, reduction: .none), expected)
        expect(BCELoss()(x, y), [expected.reduce(0, +) / 3])
        expect(
            BCELoss(weight: Tensor([1.0, 2, 4]), reduction: .sum)(x, y),
            [expected[0] + 2 * expected[1] + 4 * expected[2]])
        expect(slopes({ binaryCrossEntropy($0[0], y, reduction: .none) }, at: x)[0], [-4, 2, 4 / 3.0])
        expect(slopes({ binaryCrossEntropy(x, $0[0], reduction: .none) }, at: y)[0], [log(3.0), 0, -log(3.0)])
    }

    /// Logarithms are cut at −100, and the slopes where x · (1 − x) is less than 10⁻¹².
    @Test func certainProbabilities() {
        let x = Tensor([0.0, 0, 1, 1])
        let y = Tensor([0.0, 1, 0, 1])
        expect(binaryCrossEntropy(x, y, reduction: .none), [0, 100, 100, 0])
        expect(slopes({ binaryCrossEntropy($0[0], y, reduction: .none) }, at: x)[0], [0, -1e12, 1e12, 0])
    }

    @Test func logits() {
        let x = Tensor([0.0, 2, -3])
        let y = Tensor([1.0, 0, 0.5])
        let expected = [log(2.0), 2 + log1p(exp(-2.0)), 1.5 + log1p(exp(-3.0))]
        expect(binaryCrossEntropyWithLogits(x, y, reduction: .none), expected)
        expect(BCEWithLogitsLoss(reduction: .sum)(x, y), [expected.reduce(0, +)])
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        expect(
            slopes({ binaryCrossEntropyWithLogits($0[0], y, reduction: .none) }, at: x)[0],
            [-0.5, sigmoid(2), sigmoid(-3) - 0.5])
        let loss = BCEWithLogitsLoss(weight: Tensor([1.0, 2, 3]), reduction: .none, posWeight: Tensor([4.0]))
        // −w · (4 · y · log σ(x) + (1 − y) · log σ(−x))
        expect(loss(x, y), [4 * log(2.0), 2 * expected[1], 3 * (2 * -log(sigmoid(-3)) + 0.5 * -log(sigmoid(3)))])
        #expect(loss.stateDict().keys == ["weight", "pos_weight"])
    }

    /// Large logits lose no digits, and have finite slopes.
    @Test func largeLogits() {
        let x = Tensor([80.0, -80, 80, -80, 200])
        let y = Tensor([1.0, 0, 0, 1, 0])
        let small = 1.8048513878454153e-35
        let losses = binaryCrossEntropyWithLogits(x, y, reduction: .none).array(as: Double.self)
        for (found, expected) in zip(losses, [small, small, 80, 80, 200]) {
            #expect(abs(found - expected) < 1e-6 * expected, "\(losses)")
        }
        expect(slopes({ binaryCrossEntropyWithLogits($0[0], y, reduction: .none) }, at: x)[0], [0, 0, 1, -1, 1])
        let weighted = { binaryCrossEntropyWithLogits($0, y, reduction: .none, posWeight: Tensor([3.0])) }
        expect(weighted(x), [0, 0, 80, 240, 200])
        expect(slopes({ weighted($0[0]) }, at: x)[0], [0, 0, 1, -3, 1])
    }

    @Test func softMargins() {
        let x = Tensor([0.0, 1, -200])
        let y = Tensor([1.0, -1, 1])
        expect(softMarginLoss(x, y, reduction: .none), [log(2.0), log(1 + exp(1.0)), 200])
        expect(SoftMarginLoss(reduction: .sum)(x, y), [log(2.0) + log(1 + exp(1.0)) + 200])
        let slope = 1 / (1 + exp(-1.0))
        expect(slopes({ softMarginLoss($0[0], y, reduction: .none) }, at: x)[0], [-0.5, slope, -1])
    }

    @Test func severalLabels() {
        let x = Tensor([[0.0, 80], [-80, 2]])
        let y = Tensor([[1.0, 0], [0, 1]])
        let second = log1p(exp(-2.0)) / 2
        expect(multilabelSoftMarginLoss(x, y, reduction: .none), [(log(2.0) + 80) / 2, second])
        let loss = MultiLabelSoftMarginLoss(weight: Tensor([2.0, 0.5]))
        expect(loss(x, y), [((2 * log(2.0) + 40) / 2 + second / 2) / 2])
        expect(multilabelSoftMarginLoss(x[0], y[0]), [(log(2.0) + 80) / 2])
        expect(multilabelSoftMarginLoss(.zeros(0, 2), .zeros(0, 2)), [.nan])
    }

    @Test func printedText() {
        let weight = Tensor.ones(2)
        let losses: [Module] = [
            BCELoss(weight: weight), BCEWithLogitsLoss(), SoftMarginLoss(), MultiLabelSoftMarginLoss(weight: weight),
        ]
        #expect(
            losses.map(\.description) == [
                "BCELoss()", "BCEWithLogitsLoss()", "SoftMarginLoss()", "MultiLabelSoftMarginLoss()",
            ])
        #expect(losses.map { $0.stateDict().keys } == [["weight"], [], [], ["weight"]])
    }

    @Test func refusals() {
        let (a, b) = (Tensor.full([3, 4], 0.5), Tensor.full([3, 1], 0.5))
        expectRefusal("binary_cross_entropy: the input [3, 4] and the target [3, 1] have different shapes") {
            _ = BCELoss()(a, b)
        }
        expectRefusal("the weight [2, 3, 4] does not broadcast to the input's shape [3, 4]") {
            _ = binaryCrossEntropy(a, a, weight: .ones(2, 3, 4))
        }
        expectRefusal("the target [3, 4] int64") { _ = binaryCrossEntropy(a, .zeros(3, 4, dtype: .int64)) }
        expectRefusal("the input [3, 4] and the target [3] have different shapes") {
            _ = BCEWithLogitsLoss()(a, .zeros(3))
        }
        expectRefusal("the target [3, 4] is int64. Use .cast(to: .float32)") {
            _ = binaryCrossEntropyWithLogits(a, .zeros(3, 4, dtype: .int64))
        }
        expectRefusal("the input [3, 4] is int64. Expected real") {
            _ = binaryCrossEntropyWithLogits(.zeros(3, 4, dtype: .int64), a)
        }
        expectRefusal("posWeight [3] does not broadcast to the input's shape [3, 4]") {
            _ = BCEWithLogitsLoss(posWeight: .ones(3))(a, a)
        }
        expectRefusal("soft_margin_loss: the target [3] does not broadcast to the input's shape [3, 4]") {
            _ = SoftMarginLoss()(a, .zeros(3))
        }
        expectRefusal("multilabel_soft_margin_loss: the weight [3] does not broadcast") {
            _ = MultiLabelSoftMarginLoss(weight: .ones(3))(a, a)
        }
        expectRefusal("the input is a scalar. Expected logits [N, C] or [C]") {
            _ = multilabelSoftMarginLoss(a[0, 0], a[0, 0])
        }
    }

    @Test func refusalsOfValues() {
        expectRefusal("element 1 of the input is 1.5. Expected probabilities in 0 ... 1") {
            _ = binaryCrossEntropy(Tensor([0.5, 1.5]), Tensor([0.0, 1])).item()
        }
        expectRefusal("element 0 of the target is -1.0. Expected probabilities") {
            _ = binaryCrossEntropy(Tensor([0.5, 0.5]), Tensor([-1.0, 1])).item()
        }
    }

    @Test func aTargetThatStretchesTheInputIsRefused() {
        expectRefusal("soft_margin_loss: the target [3, 2] does not broadcast to the input's shape [2]") {
            _ = softMarginLoss(.zeros(2), .ones(3, 2))
        }
        #expect(softMarginLoss(.zeros(3, 2), .ones(2), reduction: .none).shape == [3, 2])
    }
}
