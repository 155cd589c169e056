import ApusEngine
import ApusGraph
import Testing

/// Functions made of others, against written numbers, and what they refuse.
@Suite struct FunctionTests {
    private let matrix = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float32)

    /// The message of the first tensor error of `body`; nil where there was none.
    private func message(of body: () -> Void) -> String? {
        do {
            try withTensorErrors(body)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func pieces() {
        #expect(Tensor.arange(7).chunk(3).map { $0.array(as: Int.self) } == [[0, 1, 2], [3, 4, 5], [6]])
        #expect(Tensor.arange(6).chunk(4).count == 3)
        #expect(matrix.unbind(dim: 1).map { $0.array() } == [[1, 4], [2, 5], [3, 6]])
        #expect(Tensor.zeros(2, 3, 4).movedim([0, 1], [-1, 0]).shape == [3, 4, 2])
        #expect(Tensor.zeros(0, 3).unbind(dim: 0).isEmpty)
    }

    @Test func repeating() {
        #expect(matrix.repeat(1, 2).array() == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
        #expect(matrix.tile(2).shape == [2, 6])
        #expect(matrix.repeat([3, 1, 1]).shape == [3, 2, 3])
        #expect(Tensor([1, 2]).repeatInterleave(2).array(as: Int.self) == [1, 1, 2, 2])
        #expect(matrix.repeatInterleave([2, 0, 1], dim: 1).array() == [1, 1, 3, 4, 4, 6])
        #expect(matrix.repeatInterleave(Tensor([0, 2]), dim: 0).array() == [4, 5, 6, 4, 5, 6])
        #expect(matrix.roll(1).array() == [6, 1, 2, 3, 4, 5])
        #expect(matrix.roll([-1], dims: [1]).array() == [2, 3, 1, 5, 6, 4])
    }

    @Test func takingFromTheEnd() {
        #expect(matrix.take(Tensor([[-1, 0], [-6, 5]])).array() == [6, 1, 1, 6])
        #expect(message(of: { _ = matrix.take(Tensor([-7])).array() as [Float] })?.contains("out of range") == true)
    }

    /// A tensor of shape [0] joins any other, and takes a gradient of its shape.
    @Test func nothingJoinsAnything() throws {
        let nothing = Tensor.zeros(0).requiringGrad()
        let joined = Tensor.cat([nothing, matrix, nothing], dim: -1)
        #expect(joined.array() == matrix.array() as [Float])
        joined.sum().backward()
        #expect(try #require(nothing.grad).shape == [0])
        #expect(Tensor.cat([.zeros(0), .zeros(0, 4)]).shape == [0, 4])
        #expect(Tensor.cat([.zeros(0), .zeros(0)]).shape == [0])
    }

    @Test func diagonalsOfNothing() throws {
        let x = Tensor.zeros(3, 0).requiringGrad()
        let y = x.diagEmbed(offset: -2)
        #expect(y.array() == [Float](repeating: 0, count: 12) && y.shape == [3, 2, 2])
        y.sum().backward()
        #expect(try #require(x.grad).shape == [3, 0])
    }

    @Test func scalarsAreReducedAsVectorsOfOne() throws {
        let x = Tensor(scalar: -1e4).requiringGrad()
        let y = x.logsumexp(dim: [-1], keepdim: true)
        #expect(y.item() == -1e4 && y.shape == [])
        y.backward()
        #expect(try #require(x.grad).item() == 1)
        #expect(message(of: { _ = x.norm(dim: [0, -1]) })?.contains("more than once") == true)
        #expect(message(of: { _ = x.repeatInterleave(2, dim: 0) })?.contains("a scalar has no dimension 0") == true)
        #expect(x.repeatInterleave(2).shape == [2])
    }

    @Test func countsOfNothingAreIntegers() {
        #expect(Tensor.zeros([0], dtype: .int64).bincount(weights: .zeros(0), minLength: 2).dtype == .int64)
    }

    @Test func diagonals() {
        #expect(matrix.diagonal(offset: 1).array() == [2, 6])
        #expect(matrix.diagonal(offset: -1).array() == [4])
        #expect(matrix.diagonal(offset: 5).array() == [])
        #expect(matrix.trace().item() == 6)
        #expect(Tensor([1, 2]).diag(1).array(as: Int.self) == [0, 1, 0, 0, 0, 2, 0, 0, 0])
        #expect(Tensor.eye(2, 3).array() == [1, 0, 0, 0, 1, 0])
        #expect(matrix.tril().array() == [1, 0, 0, 4, 5, 0])
    }

    @Test func grids() {
        #expect(Tensor.linspace(0, 1, steps: 5).array() == [0, 0.25, 0.5, 0.75, 1])
        #expect(Tensor.linspace(3, 7, steps: 1).array() == [3])
        let grids = Tensor.meshgrid([Tensor([1, 2]), Tensor([3, 4, 5])], indexing: .xy)
        #expect(grids.map { $0.array(as: Int.self) } == [[1, 2, 1, 2, 1, 2], [3, 3, 4, 4, 5, 5]])
        #expect(grids[0].shape == [3, 2])
    }

    @Test func extremesAndOrders() {
        let x = Tensor([[2, .nan, 1], [5, 5, 7]])
        #expect(x.max(dim: 1).indices.array(as: Int.self) == [1, 2])
        #expect(x.max(dim: 1).values.array()[1] == 7)
        #expect(x.min(dim: 1, keepdim: true).indices.array(as: Int.self) == [1, 0])
        #expect(Tensor([[2, .nan, 1], [5, 4, 7]]).median(dim: 1).indices.array(as: Int.self) == [1, 0])
        #expect(Tensor([4, 1, 3, 2]).median().item() == 2)
        #expect(Tensor([3, 1, 2]).argsort(descending: true).array(as: Int.self) == [0, 2, 1])
        #expect(Tensor([1, 0, 1, 0]).argsort(descending: true).array(as: Int.self) == [0, 2, 1, 3])
        #expect(x.countNonzero().item() == 6)
        // A tie's gradient goes to the first of the equal elements.
        let leaf = Tensor([5.0, 5, 1]).requiringGrad()
        leaf.max(dim: 0).values.backward()
        #expect(leaf.grad?.array() == [1, 0, 0])
    }

    @Test func searching() {
        let x = Tensor([[0, 3], [5, 0], [3, 3]])
        #expect(x.nonzero().array(as: Int.self) == [0, 1, 1, 0, 2, 0, 2, 1])
        #expect(matrix.maskedSelect(matrix .> 3.5).array() == [4, 5, 6])
        #expect(Tensor([2, 0]).oneHot().array(as: Int.self) == [0, 0, 1, 1, 0, 0])
        #expect(Tensor([1, 1, 3]).bincount(minLength: 6).array(as: Int.self) == [0, 2, 0, 1, 0, 0])
        let unique = x.unique()
        #expect(unique.values.array(as: Int.self) == [0, 3, 5])
        #expect(unique.inverse.array(as: Int.self) == [0, 1, 2, 0, 1, 1])
        #expect(unique.counts.array(as: Int.self) == [2, 3, 1])
        #expect(matrix.allClose(matrix + 1e-7))
        #expect(!matrix.allClose(matrix + 1e-2))
        #expect(Tensor([Double.infinity]).allClose(Tensor([Double.infinity])))
        #expect(!Tensor([1.0]).allClose(Tensor([Double.infinity])))
        #expect(matrix.equal(matrix.clone()))
        #expect(!matrix.equal(matrix.T))
    }

    @Test func norms() {
        let x = Tensor([3.0, -4, 0])
        let expected: [(Double, Double)] = [(2, 5), (1, 7), (.infinity, 4), (-.infinity, 0), (0, 2), (-1, 0)]
        for (p, norm) in expected { #expect(x.norm(p).item() == norm, "p = \(p)") }
        for p in [1, 1.5, 2, 3, .infinity] {
            let zeros = Tensor.zeros(2, 3).requiringGrad()
            zeros.norm(p, dim: 1).sum().backward()
            #expect(zeros.grad?.array() == [0, 0, 0, 0, 0, 0], "p = \(p)")
        }
    }

    @Test func gradientNames() {
        let x = matrix.requiringGrad()
        let index = Tensor([[0], [1]])
        let named: [(Tensor, String)] = [
            (x.gather(dim: 1, index), "GatherBackward0"), (x.scatterAdd(dim: 1, index, x), "ScatterAddBackward0"),
            (x.indexSelect(dim: 0, Tensor([0])), "IndexSelectBackward0"), (x.sort().values, "SortBackward0"),
            (x.topk(1).values, "TopkBackward0"), (x.cumsum(dim: 0), "CumsumBackward0"),
            (x.cumprod(dim: 0), "CumprodBackward0"), (x.roll(1), "RollBackward0"), (x.tril(), "TrilBackward0"),
            (x.repeat(2, 1), "RepeatBackward0"), (x.norm(), "LinalgVectorNormBackward0"),
            (x.max(dim: 0).values, "MaxBackward0"), (x.diagonal(), "DiagonalBackward0"),
            (x.unbind()[0], "UnbindBackward0"), (x.maskedSelect(x .> 0), "MaskedSelectBackward0"),
        ]
        for (tensor, name) in named { #expect(tensor.gradientFunctionName == name) }
    }

    @Test func integersBeyondDoublePrecision() {
        let large: Int64 = 9_007_199_254_740_993
        #expect(Tensor.full([2], large).array(as: Int64.self) == [large, large])
        #expect((Tensor.full([2], large) - Tensor([large, large - 1])).array(as: Int64.self) == [0, 1])
    }

    @Test func castsOfWhatDoesNotFit() {
        let x = Tensor([Double.nan, .infinity, -1e30, 1e19, -2.7, 300.5])
        let expected: [Int64] = [.min, .min, .min, .min, -2, 300]
        #expect(x.cast(to: .int64).array(as: Int64.self) == expected)
        #expect((x * 1).cast(to: .int64).cast(to: .float32).array() == expected.map { Float($0) })
        #expect(x.cast(to: .uint8).array(as: Int.self) == [0, 0, 0, 0, 254, 44])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let fragments: [String]
        let body: @Sendable (Tensor) -> Tensor
        var testDescription: String { fragments.joined(separator: " … ") }

        init(_ fragments: String..., body: @escaping @Sendable (Tensor) -> Tensor) {
            (self.fragments, self.body) = (fragments, body)
        }
    }

    /// Calls with [[1, 2, 3], [4, 5, 6]].
    static let refusals: [Refusal] = [
        Refusal("gather", "position 3 at [0, 1]", "dimension 1 of size 3") {
            $0.gather(dim: 1, Tensor([[0, 3], [1, 1]]))
        },
        Refusal("gather", "[2, 3] and the positions [2]") { $0.gather(dim: 0, Tensor([0, 1])) },
        Refusal("gather", "[2, 3]", "[3, 1]", "larger") { $0.gather(dim: 1, Tensor([[0], [0], [0]])) },
        Refusal("gather", "float32", "int64") { $0.gather(dim: 1, $0) },
        Refusal("scatter_add", "position 2 at [0, 1]") { $0.scatterAdd(dim: 0, Tensor([[0, 2, 1]]), $0) },
        Refusal("scatter", "[2, 4]", "larger than the source [2, 3]") {
            $0.scatter(dim: 1, .zeros([2, 4], dtype: .int64), $0)
        },
        Refusal("index_select", "position -1 at [1]") { $0.indexSelect(dim: 0, Tensor([0, -1])) },
        Refusal("index_select", "[2, 1]", "vector") { $0.indexSelect(dim: 0, Tensor([[0], [1]])) },
        Refusal("index_add", "[2, 3]", "[1, 3]") { $0.indexAdd(dim: 0, Tensor([0]), $0) },
        Refusal("topk", "k is 4", "3 elements") { $0.topk(4).values },
        Refusal("sort", "dimension 2", "-2 to 1") { $0.sort(dim: 2).values },
        Refusal("cumsum", "dimension 2") { $0.cumsum(dim: 2) },
        Refusal("roll", "2 shifts", "1 dimensions") { $0.roll([1, 2], dims: [0]) },
        Refusal("tril", "[3] has 1 dimensions", "at least 2") { $0.select(dim: 0, index: 0).tril() },
        Refusal("chunk", "chunks is 0") { $0.chunk(0)[0] },
        Refusal("repeat", "[2]", "[2, 3]") { $0.repeat(2) },
        Refusal("one_hot", "class 3 at [1]", "3 classes") { _ in Tensor([0, 3]).oneHot(numClasses: 3) },
        Refusal("one_hot", "class -1") { _ in Tensor([0, -1]).oneHot() },
        Refusal("movedim", "twice") { $0.movedim([0, 0], [0, 1]) },
        Refusal("diagonal", "same one") { $0.diagonal(dim1: 0, dim2: -2) },
        Refusal("norm", "int64") { _ in Tensor([1, 2]).norm() },
        Refusal("max", "[2, 0]", "no elements") { _ in Tensor.zeros(2, 0).max(dim: 1).values },
        Refusal("einsum", "size 4 for j in operand 1", "but 3 before") {
            .einsum("ij,jk->ik", $0, .zeros(4, 2))
        },
        Refusal("einsum", "names 3 dimensions of operand 0, which has 2") { .einsum("ijk->i", $0) },
        Refusal("einsum", "k in the result, which no operand has") { .einsum("ij->ik", $0) },
        Refusal("einsum", "names 2 operands, but 1 are given") { .einsum("ij,jk->ik", $0) },
        Refusal("einsum", "diagonal", "2 and 3") { .einsum("ii", $0) },
        Refusal("einsum", "holds \"1\"") { .einsum("i1->i", $0) },
        Refusal("einsum", "twice") { .einsum("ij->ii", $0) },
    ]

    @Test(arguments: refusals) func refuses(_ refusal: Refusal) {
        do {
            try withTensorErrors { _ = refusal.body(Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float32)).array() }
            Issue.record("it was accepted")
        } catch {
            for fragment in refusal.fragments { #expect("\(error)".contains(fragment), "\(error)") }
        }
    }
}
