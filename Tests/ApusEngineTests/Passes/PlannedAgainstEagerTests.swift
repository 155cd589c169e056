import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusEngine
@testable import ApusGraph

/// An expression of random operations on matrices, and its gradients.
private struct RandomExpression {
    let seed: Int
    let dtype: DType

    /// The results of a few of the operations, then the gradients of their sum by the inputs.
    func compute() throws -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        let leaves = ([[4, 6], [6, 4], [4, 1], [6], [1, 6]] as [Shape]).map { shape in
            Tensor((0..<shape.elementCount).map { _ in generator.real(-1, 1) }, shape: shape, dtype: dtype)
                .requiringGrad()
        }
        var values = leaves
        for _ in 0..<25 { values.append(next(values, &generator)) }
        let kept = [values[values.count - 1], generator.pick(values), generator.pick(values)]
        let loss = kept.map { $0.tanh().sum() }.reduce(Tensor.zeros([], dtype: dtype), +)
        let gradients = loss.gradients(withRespectTo: leaves)
        return try ([loss] + kept + gradients).map { try $0.elements(as: Double.self) }
    }

    /// Slopes and sizes stay near 1, so that errors do not grow along the way.
    private func next(_ values: [Tensor], _ generator: inout SeededGenerator) -> Tensor {
        let a = generator.real(0, 1) < 0.6 ? generator.pick(Array(values.suffix(4))) : generator.pick(values)
        let b = generator.pick(values)
        let broadcasts = Shape.broadcast(a.shape, b.shape) != nil
        switch generator.int(0...13) {
        case 0: return a.tanh()
        case 1: return a.sigmoid()
        case 2: return a.sin() - 0.25
        case 3: return a.relu()
        case 4 where broadcasts: return (a + b) * 0.5
        case 5 where broadcasts: return a.sin() * b.cos()
        case 6 where broadcasts: return a.maximum(b)
        case 7: return a.reshape(Shape(a.shape.dimensions.reversed()))
        case 8: return a.T
        case 9 where Shape.broadcast(a.shape, [4, 6]) == [4, 6]: return a.expand(4, 6)
        case 10 where a.rank == 2: return a.mean(dim: [generator.int(0...1)], keepdim: true)
        case 11 where a.rank == 2 && b.rank == 2 && a.shape[1] == b.shape[0]: return a.matmul(b).tanh()
        case 12 where a.shape == [4, 6]:
            var result = a
            result[1..<3, TensorSelection.every(2)] =
                b.shape == [4, 6] ? b[0..<2, 0..<3] : Tensor(scalar: 0.5, dtype: dtype)
            return result
        case 13 where a.shape == [4, 6]: return Tensor.cat([a[0..<2], b.shape == a.shape ? b[2...] : a[2...]], dim: 0)
        default: return a * 0.75
        }
    }
}

@Suite("Plans and single operations give the same")
struct PlannedAgainstEagerTests {
    /// Both compute the same operations in the same order; where a kernel joins several (a product and its bias), a
    /// rounding may fall away, and comparisons (relu, maximum) pass an error on unchanged. Twenty-five operations of
    /// slope near 1 and sums of at most 24 elements leave it within some hundred units of the largest number.
    private func expectSame(_ planned: [[Double]], _ eager: [[Double]], unit: Double) {
        #expect(planned.count == eager.count)
        for (number, (a, b)) in zip(planned, eager).enumerated() {
            #expect(a.count == b.count)
            let tolerance = 400 * unit * max(1, b.map(\.magnitude).max() ?? 0)
            for (x, y) in zip(a, b) { #expect(abs(x - y) <= tolerance, "result \(number): \(x) and \(y)") }
        }
    }

    @Test("random expressions and their gradients in single precision", arguments: 0..<60)
    func single(seed: Int) throws {
        let expression = RandomExpression(seed: 4_000 + seed, dtype: .float32)
        let planned = try expression.compute()
        let eager = try EvaluationHook.$isEager.withValue(true) { try expression.compute() }
        expectSame(planned, eager, unit: 0x1p-24)
    }

    @Test("random expressions and their gradients in double precision", arguments: 0..<40)
    func double(seed: Int) throws {
        let expression = RandomExpression(seed: 5_000 + seed, dtype: .float64)
        let planned = try expression.compute()
        let eager = try EvaluationHook.$isEager.withValue(true) { try expression.compute() }
        expectSame(planned, eager, unit: 0x1p-53)
    }

    /// A small network on the CPU's kernels and, in double precision, on the reference's.
    @Test("a network's loss and gradients on both backends", arguments: [16, 5])
    func network(batch: Int) throws {
        func compute(_ dtype: DType) throws -> [[Double]] {
            var generator = SeededGenerator(seed: 31)
            func leaf(_ shape: Shape, _ bound: Double) -> Tensor {
                // Numbers that both types hold.
                let numbers = (0..<shape.elementCount).map { _ in Double(Float(generator.real(-bound, bound))) }
                return Tensor(numbers, shape: shape, dtype: dtype).requiringGrad()
            }
            let leaves = [
                leaf([batch, 1, 12, 12], 1), leaf([6, 1, 3, 3], 0.5), leaf([6], 0.5), leaf([20, 6, 3, 3], 0.3),
                leaf([20], 0.3), leaf([20, 20, 3, 3], 0.1), leaf([10, 20], 0.3), leaf([10], 0.3),
            ]
            let geometry = ConvolutionGeometry(
                stride: [1, 1], paddingBefore: [0, 1], paddingAfter: [1, 0], dilation: [1, 1], groups: 1)
            let window = PoolingGeometry(
                kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: true)
            var x = leaves[0].convolution(leaves[1], leaves[2], geometry: geometry).sigmoid()
            x = x.maxPool(window).values.convolution(leaves[3], leaves[4], geometry: geometry).tanh()
            x = x.averagePool(window).convolution(leaves[5], geometry: geometry) + 0.1
            x = (x * x.sigmoid()).mean(dim: [2, 3]).linear(leaves[6], leaves[7])
            let classes = Tensor((0..<batch).map { Int64($0 % 10) })
            let loss = NegativeLogLikelihood(ignoreIndex: 3, isWeighted: false)
            let total = Tensor.record(loss, [x.logSoftmax(dim: 1), classes])[0].sum()
            return try ([total, x] + total.gradients(withRespectTo: leaves)).map { try $0.elements(as: Double.self) }
        }
        let planned = try compute(.float32)
        let eager = try EvaluationHook.$isEager.withValue(true) { try compute(.float32) }
        expectSame(planned, eager, unit: 0x1p-24)
        expectSame(planned, try compute(.float64), unit: 0x1p-24)
    }
}

@Suite("Results of convolutions in the CPU's layouts")
struct LayoutResultTests {
    /// Sixteen images of one channel: the batch lies in the lanes.
    private func convolved() -> (x: Tensor, y: Tensor) {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let x = Tensor.arange(0, 16 * 9, dtype: .float32).reshape(16, 1, 3, 3) / 50 - 1
        return (x, x.convolution(Tensor([2.0], shape: [1, 1, 1, 1]), geometry: geometry))
    }

    @Test("comparisons are truth values in order")
    func comparison() {
        let (x, y) = convolved()
        let actual = (y .> 0.5).array(as: Bool.self)
        #expect(actual == (x * 2).array().map { $0 > 0.5 })
    }

    @Test("functions that the CPU has no kernel for")
    func remainder() {
        let (x, y) = convolved()
        // Read first: what is read later finds the convolution's result finished, in order.
        let actual = y.remainder(0.75).array()
        let expected = (x * 2).array().map { $0 - ($0 / 0.75).rounded(.down) * 0.75 }
        #expect(actual.count == expected.count)
        // The numbers are at most 2 in size; two roundings of them are less than 10⁻⁶.
        for (a, b) in zip(actual, expected) { #expect(abs(a - b) < 1e-6) }
    }

    @Test("masks choose the right elements")
    func masks() {
        let (x, y) = convolved()
        let mask = Tensor((0..<144).map { UInt8($0 % 3 == 0 ? 1 : 0) }, shape: [16, 1, 3, 3]).cast(to: .bool)
        let actual = y.maskedFill(mask, 7).array()
        #expect(actual == (x * 2).array().enumerated().map { $0.offset % 3 == 0 ? 7 : $0.element })
    }
}

@Suite("Planned numbers")
struct PlannedNumberTests {
    @Test("bytes wrap where they are read again in the same plan")
    func bytes() {
        let x = Tensor([-1.0, 0, 1.9, 255, 256, 300])
        #expect(x.cast(to: .uint8).cast(to: .float32).array() == [255, 0, 1, 255, 0, 44])
        #expect((x.cast(to: .uint8).cast(to: .float32) / 4).array() == [63.75, 0, 0.25, 63.75, 0, 11])
    }

    @Test("the signs of zeros in one plan are kept apart")
    func signedZeros() {
        let sum = Tensor.cat([1 / Tensor.full([1], 0.0), 1 / Tensor.full([1], -0.0)])
        #expect(sum.array() == [.infinity, -.infinity])
    }

    @Test("a loss whose classes are the logits' own best is computed")
    func ownPredictions() {
        let x = Tensor([[1.0, 2, 3], [3, 2, 1]])
        let logarithms = x.logSoftmax(dim: 1)
        let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
        let losses = Tensor.record(loss, [logarithms, logarithms.argmax(dim: 1)])[0].array()
        let expected = -(logarithms.amax(dim: [1])).array()[0]
        #expect(losses == [expected, expected])
    }
}
