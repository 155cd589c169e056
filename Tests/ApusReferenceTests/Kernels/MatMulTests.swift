import ApusGraph
import ApusPlan
import Testing

@Suite struct MatMulTests {
    /// Integers beyond 2²⁴ show that products are exact in their own type.
    @Test(arguments: [DType.float32, .float64, .int64]) func products(_ dtype: DType) throws {
        let a = Numbers([1, 2, 3, 4, 5, 6], [2, 3], dtype)
        let b = Numbers([1, 0, 2, -1, 3, 1], [3, 2], dtype)
        let expected = Numbers([14, 1, 32, 1], [2, 2], dtype)
        #expect(try compute(MatMul(), a, b) == [expected])
        let aT = Numbers([1, 4, 2, 5, 3, 6], [3, 2], dtype)
        let bT = Numbers([1, 2, 3, 0, -1, 1], [2, 3], dtype)
        #expect(try compute(MatMul(transposesLeft: true), aT, b) == [expected])
        #expect(try compute(MatMul(transposesRight: true), a, bT) == [expected])
        #expect(try compute(MatMul(transposesLeft: true, transposesRight: true), aT, bT) == [expected])
    }

    @Test(arguments: [false, true], [false, true]) func stacks(left: Bool, right: Bool) throws {
        let a = smallIntegers(left ? [2, 4, 3] : [2, 3, 4], seed: 1)
        let b = smallIntegers(right ? [2, 5, 4] : [2, 4, 5], seed: 2)
        var expected: [Double] = []
        for batch in 0..<2 {
            for row in 0..<3 {
                for column in 0..<5 {
                    expected.append(
                        (0..<4).reduce(0) { sum, k in
                            let x = a.values[batch * 12 + (left ? k * 3 + row : row * 4 + k)]
                            let y = b.values[batch * 20 + (right ? column * 4 + k : k * 5 + column)]
                            return sum + x * y
                        })
                }
            }
        }
        let product = MatMul(transposesLeft: left, transposesRight: right)
        #expect(try compute(product, a, b) == [Numbers(expected, [2, 3, 5], .float64)])
    }

    @Test func emptyInnerDimensionGivesZeros() throws {
        #expect(try compute(MatMul(), Numbers([], [2, 0]), Numbers([], [0, 1])) == [Numbers([0, 0], [2, 1])])
        #expect(throws: TensorError.self) {
            try compute(MatMul(), Numbers([1], [1, 1], .bool), Numbers([1], [1, 1], .bool))
        }
    }

    @Test func fusedWithBiasAndActivation() throws {
        let a = Numbers([1, 2, -3, 4], [2, 2])
        let identity = Numbers([1, 0, 0, 1], [2, 2])
        let bias = Numbers([1, -3], [2])
        let relu = FusedMatMul(MatMul(), hasBias: true, activation: .relu)
        #expect(try compute(relu, a, identity, bias) == [Numbers([2, 0, 0, 1], [2, 2])])
        let tanh = FusedMatMul(MatMul(), hasBias: false, activation: .tanh)
        #expect(try compute(tanh, a, identity) == compute(Pointwise(.tanh), a))
    }

    @Test func fusedConvolution() throws {
        let geometry = ConvolutionGeometry(
            stride: [1], paddingBefore: [0], paddingAfter: [0], dilation: [1], groups: 1)
        let x = Numbers([1, -2, 3], [1, 1, 3])
        let weight = Numbers([1, 1], [1, 1, 2])
        let fused = FusedConvolution(Convolution(geometry), .sigmoid)
        let plain = try compute(Convolution(geometry), x, weight, Numbers([0.5]))[0]
        #expect(plain.values == [-0.5, 1.5])
        #expect(try compute(fused, x, weight, Numbers([0.5])) == compute(Pointwise(.sigmoid), plain))
    }
}
