import ApusEngine
import Testing

@testable import ApusGraph

/// Operations that are recorded as one give the bits of those that they consist of.
@Suite("Composites") struct CompositeTests {
    private static func numbers(_ shape: Shape, _ seed: UInt64) -> Tensor {
        let order = Generator(seed: seed).permutation(shape.elementCount)
        return Tensor(order.map { Float($0) / 7 - 1 }, shape: shape)
    }

    /// The bits of a loss and of its gradients.
    private static func bits(_ leaves: [Tensor], _ loss: ([Tensor]) -> Tensor) throws -> [[UInt32]] {
        let inputs = leaves.map { $0.requiringGrad() }
        let result = loss(inputs)
        result.backward()
        return try ([result] + inputs.compactMap(\.grad)).map { try $0.elements(as: Float.self).map(\.bitPattern) }
    }

    @Test("a linear layer's function is a product and a sum", arguments: [1, 5], [Precision.full, .tensorFloat32])
    func linear(rows: Int, precision: Precision) throws {
        let leaves = [Self.numbers([rows, 6], 1), Self.numbers([4, 6], 2), Self.numbers([4], 3)]
        let (one, several) = try autocast(precision) { () throws -> ([[UInt32]], [[UInt32]]) in
            let one = try Self.bits(leaves) { $0[0].linear($0[1], $0[2]).tanh().sum() }
            let several = try Self.bits(leaves) {
                (Tensor.record(MatMul(transposesRight: true), $0[0], $0[1]) + $0[2]).tanh().sum()
            }
            return (one, several)
        }
        #expect(one.count == 4)
        #expect(one == several)
    }

    @Test("gradients are made of those inputs that need one", arguments: 1..<8)
    func needs(mask: Int) throws {
        let tensors = [Self.numbers([3, 6], 1), Self.numbers([4, 6], 2), Self.numbers([4], 3)]
        func gradients(_ function: (Tensor, Tensor, Tensor) -> Tensor) throws -> [[Float]?] {
            let inputs = tensors.enumerated().map { mask >> $0 & 1 == 1 ? $1.requiringGrad() : $1 }
            function(inputs[0], inputs[1], inputs[2]).square().sum().backward()
            return try inputs.map { try $0.grad?.elements(as: Float.self) }
        }
        let one = try gradients { $0.linear($1, $2) }
        #expect(one.map { $0 != nil } == (0..<3).map { mask >> $0 & 1 == 1 })
        #expect(try one == gradients { Tensor.record(MatMul(transposesRight: true), $0, $1) + $2 })
    }

    @Test("a bias that broadcasts is added by itself")
    func broadcasting() throws {
        let (x, weight) = (Self.numbers([3, 6], 1), Self.numbers([4, 6], 2))
        let result = x.linear(weight, Tensor([[1.0], [2], [3]]))
        #expect(result.array() == (x.linear(weight) + Tensor([[1.0], [2], [3]])).array())
    }

    @Test("the mean cross-entropy is softmax, picking, two sums and a quotient", arguments: [false, true], [1, 4])
    func crossEntropy(isWeighted: Bool, samples: Int) throws {
        let classes = Tensor([2, 0, 1, 4].prefix(samples).map { Int64($0) })
        let loss = NegativeLogLikelihood(ignoreIndex: 1, isWeighted: isWeighted)
        let weight = isWeighted ? [Tensor([0.5, 1, 2, 3, 0.25])] : []
        let logits = Self.numbers([samples, 5], 4)
        let one = try Self.bits([logits]) { Tensor.recordOne(MeanCrossEntropy(loss), [$0[0], classes] + weight) }
        let several = try Self.bits([logits]) {
            let picked = Tensor.record(loss, [$0[0].logSoftmax(dim: 1), classes] + weight)
            return picked[0].sum() / picked[1].detach().sum()
        }
        #expect(one.count == 2)
        #expect(one == several)
    }

    @Test("eager evaluation computes composites, too")
    func eager() throws {
        let leaves = [Self.numbers([3, 6], 1), Self.numbers([5, 6], 2), Self.numbers([5], 3)]
        func compute() throws -> [[UInt32]] {
            try Self.bits(leaves) {
                let loss = NegativeLogLikelihood(ignoreIndex: nil, isWeighted: false)
                return .recordOne(MeanCrossEntropy(loss), [$0[0].linear($0[1], $0[2]), Tensor([0, 4, 2] as [Int64])])
            }
        }
        #expect(try EvaluationHook.$isEager.withValue(true) { try compute() } == compute())
    }
}
