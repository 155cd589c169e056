import ApusEngine
import Testing

@testable import ApusGraph

/// Numbers some of which are 0.
private let someZeros = Tensor([[2, 0, -3, 0.5, 1.5], [0, 2, 0, -1, 3], [1, 2, 3, 0.5, 0]], dtype: .float64)

extension GradientCases {
    static let scans: [GradientCase] = [
        GradientCase("cumsum", [spread([2, 3, 4])]) { $0[0].square().cumsum(dim: 1) },
        GradientCase("cumsum of a vector", [spread([5])]) { $0[0].cumsum(dim: 0).square() },
        GradientCase("cumprod", [spread([3, 4])]) { $0[0].cumprod(dim: 1) },
        GradientCase("cumprod of columns", [spread([4, 2])]) { $0[0].cumprod(dim: 0).square() },
        GradientCase("cumprod with zeros", [someZeros]) { $0[0].cumprod(dim: 1) },
        GradientCase("roll", [spread([3, 4])]) { $0[0].square().roll([1, -2], dims: [0, 1]) },
        GradientCase("roll of all", [spread([3, 4])]) { $0[0].square().roll(5) },
        GradientCase("tril", [spread([2, 3, 4])]) { $0[0].square().tril(diagonal: 1) },
        GradientCase("triu", [spread([2, 3, 4])]) { $0[0].square().triu(diagonal: -1) },
        GradientCase("diagonal", [spread([3, 2, 4])]) { $0[0].square().diagonal(offset: 1, dim1: 0, dim2: 2) },
        GradientCase("diag", [spread([3])]) { $0[0].square().diag(-1) },
        GradientCase("trace", [spread([3, 4])]) { $0[0].square().trace() },
        GradientCase("repeat", [spread([2, 3])]) { $0[0].square().repeat(2, 1, 3) },
        GradientCase("repeat interleaved", [spread([2, 3])]) { $0[0].square().repeatInterleave(2, dim: 1) },
        GradientCase("repeat unevenly", [spread([2, 3])]) { $0[0].square().repeatInterleave([2, 0, 3], dim: 1) },
        GradientCase("chunk", [spread([5, 2])]) { $0[0].square().chunk(3)[1] },
        GradientCase("movedim", [spread([2, 3, 4])]) { $0[0].square().movedim([0, 2], [2, 0]) },
        GradientCase("einsum, matrices", [spread([2, 3]), spread([3, 4])]) { .einsum("ij,jk->ki", $0) },
        GradientCase("einsum, three operands", [spread([3]), spread([3, 4]), spread([4])]) {
            .einsum("i,ij,j", $0)
        },
        GradientCase("einsum, a diagonal and an ellipsis", [spread([2, 3, 3]), spread([2, 1, 3])]) {
            .einsum("...ii, ...ki -> ...k", $0)
        },
        GradientCase("norm 2", [spread([3, 4])]) { $0[0].norm(dim: 1) },
        GradientCase("norm 1", [apart([3, 4])]) { $0[0].norm(1, dim: 0, keepdim: true).square() },
        GradientCase("norm 3", [apart([3, 4])]) { $0[0].norm(3, dim: [0, 1]) },
        GradientCase("norm 0.5", [apart([3, 2])]) { $0[0].norm(0.5, dim: 1) },
        GradientCase("norm −1", [apart([3, 2])]) { $0[0].norm(-1, dim: 1) },
        GradientCase("norm ∞", [apart([3, 4])]) { $0[0].norm(.infinity, dim: 1).square() },
        GradientCase("normalize", [spread([3, 4])]) { $0[0].normalize() },
        GradientCase("cosine similarity", [spread([3, 4]), spread([1, 4], seed: 2)]) {
            $0[0].cosineSimilarity($0[1])
        },
        GradientCase("pairwise distance", [spread([3, 4]), spread([3, 4], seed: 2)]) { $0[0].pairwiseDistance($0[1]) },
        GradientCase("addmm", [spread([4]), spread([2, 3]), spread([3, 4])]) {
            $0[0].addmm($0[1], $0[2], beta: 0.5, alpha: 2)
        },
        GradientCase("kron", [spread([2, 3]), spread([2])]) { $0[0].kron($0[1]) },
    ]
}
