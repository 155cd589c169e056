import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    static let indexing: [GradientCase] = [
        GradientCase("gather", [spread([3, 4])]) {
            $0[0].square().gather(dim: 1, Tensor([[3, 0, 3], [1, 1, 1], [0, 2, 0]]))
        },
        GradientCase("gather of fewer rows", [spread([3, 2, 4])]) {
            $0[0].square().gather(dim: 2, Tensor([[[3, 0, 3, 1, 1]], [[1, 1, 0, 2, 3]]]))
        },
        GradientCase("take along a dimension", [spread([3, 1])]) {
            $0[0].exp().takeAlong(dim: 0, Tensor([[2, 0], [1, 1]]))
        },
        GradientCase("scatter", [spread([2, 4]), spread([2, 3], seed: 2)]) {
            $0[0].square().scatter(dim: 1, Tensor([[3, 0, 1], [1, 2, 0]]), $0[1].exp())
        },
        GradientCase("scatter of fewer rows", [spread([3, 4]), spread([3, 3], seed: 2)]) {
            $0[0].square().scatter(dim: 1, Tensor([[3, 0], [1, 2]]), $0[1].exp())
        },
        GradientCase("scatter add", [spread([4, 3]), spread([5, 3], seed: 2)]) {
            let positions = Tensor([[0, 1, 3], [0, 0, 0], [2, 1, 2], [3, 1, 0]])
            return $0[0].square().scatterAdd(dim: 0, positions, $0[1].exp())
        },
        GradientCase("index select", [spread([2, 4, 2])]) {
            $0[0].square().indexSelect(dim: 1, Tensor([3, 0, 3, 3, 1]))
        },
        GradientCase("index add", [spread([2, 4, 2]), spread([2, 3, 2], seed: 2)]) {
            $0[0].square().indexAdd(dim: 1, Tensor([3, 0, 3]), $0[1].exp(), alpha: 0.5)
        },
        // Within y · y each selection has half of the gradient: that of Σ over one occurrence each.
        GradientCase("index select, averaged", [spread([3, 2])], checksSecond: false) {
            let averaged = IndexSelect(0, averagesGradient: true)
            let once = Tensor.record(averaged, $0[0], Tensor([2, 0, 1]))
            return once.square()
        },
        GradientCase("take", [spread([2, 3])]) { $0[0].square().take(Tensor([[5, 0], [5, 2]])) },
        GradientCase("masked select", [spread([2, 3])]) {
            $0[0].exp().maskedSelect(Tensor([[true, false, true], [false, true, true]]))
        },
        GradientCase("sort", [apart([3, 5])]) { $0[0].square().sort(dim: 1).values * Tensor([1, 2, 3, 4, 5]) },
        GradientCase("sort, descending", [apart([4, 3])]) { $0[0].sort(dim: 0, descending: true).values.exp() },
        GradientCase("topk", [apart([3, 5])]) { $0[0].topk(2).values.square() },
        GradientCase("topk, smallest", [apart([5, 2])]) { $0[0].topk(3, dim: 0, largest: false).values.square() },
        GradientCase("kthvalue", [apart([3, 5])]) { $0[0].kthvalue(2, dim: 1).values.square() },
        GradientCase("max of a dimension", [apart([3, 5])]) { $0[0].max(dim: 1).values.square() },
        GradientCase("min of a dimension", [apart([3, 5])]) { $0[0].min(dim: 0, keepdim: true).values.square() },
        GradientCase("median", [apart([3, 4])]) { $0[0].median(dim: 1).values.square() },
    ]
}
