import ApusEngine
import ApusGraph
import ApusNN
import Foundation
import Testing

@Suite("Losses of pairs and triplets")
struct EmbeddingLossTests {
    @Test func hinges() {
        let x = Tensor([0.3, 0.3, 2, 1])
        let y = Tensor([1.0, -1, -1, -1])
        expect(hingeEmbeddingLoss(x, y, reduction: .none), [0.3, 0.7, 0, 0])
        expect(HingeEmbeddingLoss(margin: 3)(x, y), [(0.3 + 2.7 + 1 + 2) / 4])
        // At the margin itself there is no slope.
        expect(slopes({ hingeEmbeddingLoss($0[0], y, reduction: .sum) }, at: x)[0], [1, -1, 0, 0])
        // Any other target counts as both.
        expect(hingeEmbeddingLoss(x, .zeros(4), reduction: .none), [1, 1, 2, 1])
    }

    @Test func rankings() {
        let (a, b) = (Tensor([1.0, 1, 3]), Tensor([2.0, 2, 3]))
        let y = Tensor([1.0, -1, 1])
        expect(marginRankingLoss(a, b, y, reduction: .none), [1, 0, 0])
        expect(MarginRankingLoss(margin: 0.5, reduction: .none)(a, b, y), [1.5, 0, 0.5])
        let slope = slopes({ marginRankingLoss($0[0], $0[1], y, margin: 0.5, reduction: .sum) }, at: a, b)
        expect(slope[0], [-1, 0, -1])
        expect(slope[1], [1, 0, 1])
    }

    @Test func angles() {
        let a = Tensor([[3.0, 4], [1, 0], [0, 2]])
        let b = Tensor([[4.0, 3], [2, 0], [5, 0]])
        expect(cosineEmbeddingLoss(a, b, Tensor([1.0, 1, 1]), reduction: .none), [0.04, 0, 1])
        expect(cosineEmbeddingLoss(a, b, Tensor([-1.0, -1, -1]), margin: 0.5, reduction: .none), [0.46, 0.5, 0])
        expect(CosineEmbeddingLoss()(a, b, Tensor([1.0, -1, 1])), [(0.04 + 1 + 1) / 3])
        expect(cosineEmbeddingLoss(a[0], b[0], Tensor(scalar: 1.0)), [0.04])
        expect(cosineEmbeddingLoss(a, b, Tensor([0.0, 2, 3]), reduction: .none), [0, 0, 0])
        // −b/|b| projected across a, over |a|
        let slope = slopes({ cosineEmbeddingLoss($0[0], b[0], Tensor(scalar: 1.0)) }, at: a[0])[0]
        expect(slope, [-(0.8 - 0.96 * 0.6) / 5, -(0.6 - 0.96 * 0.8) / 5])
        // Vectors of zeros have no angle; their cosine counts as 0.
        expect(cosineEmbeddingLoss(.zeros(1, 2), b[0..<1], Tensor([1.0])), [1])
    }

    private let anchor = Tensor([[0.0, 0], [1, 1]])
    private let positive = Tensor([[3.0, 4], [1, 2]])
    private let negative = Tensor([[0.0, 6], [4, 5]])

    @Test func triplets() {
        // Distances 5 and 6, 1 and 5; from positive to negative √13 and √18.
        expect(tripletMarginLoss(anchor, positive, negative, margin: 2, eps: 0, reduction: .none), [1, 0])
        expect(TripletMarginLoss(margin: 5, eps: 0)(anchor, positive, negative), [(4 + 1) / 2.0])
        let swapped = TripletMarginLoss(margin: 2, eps: 0, swap: true, reduction: .none)
        expect(swapped(anchor, positive, negative), [7 - sqrt(13), 0])
        expect(tripletMarginLoss(anchor, positive, negative, margin: 9, p: 1, eps: 0, reduction: .none), [10, 3])
        let largest = tripletMarginLoss(anchor, positive, negative, margin: 9, p: .infinity, eps: 0, reduction: .none)
        expect(largest, [9 + 4 - 6, 9 + 1 - 4])
        let cubes = tripletMarginLoss(anchor, positive, negative, margin: 9, p: 3, eps: 0, reduction: .none)
        expect(cubes, [9 + cbrt(91) - 6, 9 + 1 - cbrt(27 + 64)])
        let different = tripletMarginLoss(anchor, positive, negative, margin: 9, p: 0, eps: 0, reduction: .none)
        expect(different, [9 + 2 - 1, 9 + 1 - 2])
        let smallest = tripletMarginLoss(anchor, positive, negative, margin: 9, p: -.infinity, eps: 0, reduction: .none)
        expect(smallest, [9 + 3 - 0, 9 + 0 - 3])
        let inverse = tripletMarginLoss(anchor, positive, negative, margin: 9, p: -1, eps: 0, reduction: .none)
        expect(inverse, [9 + 12 / 7.0 - 0, 9 + 0 - 12 / 7.0])
        expect(tripletMarginLoss(anchor[0, 0], positive[0, 0], negative[0, 0], eps: 0), [4])
    }

    /// Large exponents do not overflow, and equal vectors have no slope.
    @Test(arguments: [1.0, 1.5, 2, 3, 40, .infinity]) func norms(p: Double) {
        let (a, b) = (Tensor([[60.0, 0], [2, 2]]), Tensor([[-20.0, 0], [2, 2]]))
        let far = Tensor.zeros(2, 2)
        let loss = { (a: Tensor) in tripletMarginLoss(a, b, far, margin: 500, p: p, eps: 0, reduction: .none) }
        let other = p.isFinite ? 2 * Foundation.pow(2, 1 / p) : 2
        expect(loss(a), [500 + 80 - 60, 500 - other])
        let slope = slopes({ loss($0[0]) }, at: a)[0]
        let share = p.isFinite ? Foundation.pow(2, 1 / p - 1) : 0.5
        expect(slope, [0, 0, -share, -share])
    }

    @Test func distancesOfOnesOwn() {
        let cityBlock: TripletDistance = { ($0 - $1).abs().sum(dim: -1) }
        let loss = TripletMarginWithDistanceLoss(distance: cityBlock, margin: 9, reduction: .none)
        expect(loss(anchor, positive, negative), [10, 3])
        let swapped = tripletMarginWithDistanceLoss(
            anchor, positive, negative, distance: cityBlock, margin: 9, swap: true, reduction: .none)
        expect(swapped, [9 + 7 - 5, 9 + 1 - 6])
        expect(
            TripletMarginWithDistanceLoss(margin: 5)(anchor, positive, negative),
            tripletMarginLoss(anchor, positive, negative, margin: 5).array(as: Double.self))
    }

    @Test func printedText() {
        let losses: [Module] = [
            HingeEmbeddingLoss(margin: 2), MarginRankingLoss(), CosineEmbeddingLoss(), TripletMarginLoss(p: 1),
        ]
        #expect(
            losses.map(\.description) == [
                "HingeEmbeddingLoss()", "MarginRankingLoss()", "CosineEmbeddingLoss()", "TripletMarginLoss()",
            ])
    }

    @Test func refusals() {
        let (a, b) = (Tensor.zeros(3, 4), Tensor.zeros(3))
        expectRefusal("hinge_embedding_loss: the input [3, 4] and the target [3]") { _ = HingeEmbeddingLoss()(a, b) }
        expectRefusal("the inputs [3, 4] and [3, 4] and the target [3] must have the same number of dimensions") {
            _ = MarginRankingLoss()(a, a, b)
        }
        expectRefusal("margin_ranking_loss: the first input [3], the second input [4] and the target [3]") {
            _ = marginRankingLoss(b, .zeros(4), b)
        }
        expectRefusal("cosine_embedding_loss: the first input [3, 4] and the second input [3, 5]") {
            _ = CosineEmbeddingLoss()(a, .zeros(3, 5), b)
        }
        expectRefusal("the inputs [3, 4] and [3, 4] do not fit the target []. Expected [N, D], [N, D] and [N]") {
            _ = cosineEmbeddingLoss(a, a, Tensor(scalar: 1.0))
        }
        expectRefusal("the cosines [3] and the target [2] have different shapes") {
            _ = cosineEmbeddingLoss(a, a, .ones(2))
        }
        expectRefusal("the anchor [3, 4], the positive [3, 4] and the negative [3] must have the same number") {
            _ = TripletMarginLoss()(a, a, b)
        }
        expectRefusal("triplet_margin_loss: the margin is 0.0") { _ = tripletMarginLoss(a, a, a, margin: 0) }
        expectRefusal("TripletMarginLoss: the margin is -1.0. Expected a number greater than 0") {
            _ = TripletMarginLoss(margin: -1)
        }
        expectRefusal("TripletMarginWithDistanceLoss: the margin is 0.0") {
            _ = TripletMarginWithDistanceLoss(margin: 0)
        }
        expectRefusal("triplet_margin_with_distance_loss: the anchor [3, 4], the positive [3] and") {
            _ = tripletMarginWithDistanceLoss(a, b, a)
        }
    }
}
