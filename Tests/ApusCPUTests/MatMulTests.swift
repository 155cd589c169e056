import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@Suite("Matrix products of the CPU agree with the reference")
struct MatMulTests {
    private func operands(
        _ matmul: MatMul, batch: Int?, m: Int, k: Int, n: Int, using generator: inout SeededGenerator
    ) -> [TestArray] {
        let lead = batch.map { [$0] } ?? []
        let left = Shape(lead + (matmul.transposesLeft ? [k, m] : [m, k]))
        let right = Shape(lead + (matmul.transposesRight ? [n, k] : [k, n]))
        return [.random(left, using: &generator), .random(right, using: &generator)]
    }

    @Test("all transposes, matrices and stacks", arguments: [false, true], [false, true])
    func products(left: Bool, right: Bool) throws {
        var generator = SeededGenerator(seed: 1 + (left ? 1 : 0) + (right ? 2 : 0))
        let matmul = MatMul(transposesLeft: left, transposesRight: right)
        for batch in [nil, 1, 3, nil, nil, 2] {
            let (m, k, n) = (generator.int(1...40), generator.int(1...70), generator.int(1...40))
            let inputs = operands(matmul, batch: batch, m: m, k: k, n: n, using: &generator)
            try expectSameSums(matmul, inputs, terms: [k])
        }
        for (m, k, n) in [(1, 1, 1), (1, 64, 1), (1, 1, 17), (33, 1, 1), (16, 16, 16)] {
            try expectSameSums(
                matmul, operands(matmul, batch: nil, m: m, k: k, n: n, using: &generator), terms: [k])
        }
    }

    /// Sizes of whole and broken panels and blocks, and of more inner indices than a packed panel has.
    @Test(
        "small products", arguments: [false, true],
        [(8, 24, 24), (9, 1, 25), (16, 300, 120), (100, 257, 10), (23, 700, 49), (40, 513, 7)])
    func small(transposes: Bool, sizes: (m: Int, k: Int, n: Int)) throws {
        var generator = SeededGenerator(seed: 40)
        for (left, right) in [(transposes, false), (transposes, true)] {
            let matmul = MatMul(transposesLeft: left, transposesRight: right)
            var inputs = operands(matmul, batch: nil, m: sizes.m, k: sizes.k, n: sizes.n, using: &generator)
            try expectSameSums(matmul, inputs, terms: [sizes.k])
            inputs.append(.random([sizes.n], using: &generator))
            let fused = FusedMatMul(matmul, hasBias: true, activation: nil)
            try expectSameSums(fused, inputs, terms: [sizes.k + 1])
            let bits = try (1...4).map { count in
                try KernelRunner.withWorkers(count) { try KernelRunner.cpu(fused, inputs)[0].values }
            }
            for other in bits.dropFirst() { #expect(other == bits[0]) }
        }
    }

    @Test(
        "bias and activation", arguments: [nil, Activation.relu, .sigmoid, .tanh] as [Activation?], [false, true])
    func fused(activation: Activation?, hasBias: Bool) throws {
        var generator = SeededGenerator(seed: 20)
        for batch in [nil, 2] {
            for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
                let matmul = MatMul(transposesLeft: left, transposesRight: right)
                let (m, k, n) = (generator.int(1...20), generator.int(1...33), generator.int(1...20))
                var inputs = operands(matmul, batch: batch, m: m, k: k, n: n, using: &generator)
                // A stack's bias stretches over its matrices.
                if hasBias { inputs.append(.random([n], using: &generator)) }
                let fused = FusedMatMul(matmul, hasBias: hasBias, activation: activation)
                let actual = try KernelRunner.cpu(fused, inputs)[0]
                let expected = try KernelRunner.reference(fused, inputs)[0]
                let scale = try KernelRunner.reference(
                    FusedMatMul(matmul, hasBias: hasBias, activation: nil), inputs.map(\.magnitudes))[0]
                // No activation enlarges an error; sigmoid and tanh have about four units of their own.
                expectAgreement(actual, expected, "\(fused)") { (scale.values[$0] + 1) * sumTolerance(k + 1) }
            }
        }
    }

    @Test("integers and double precision have no kernel of the CPU", arguments: [DType.int64, .float64, .uint8])
    func otherTypes(dtype: DType) throws {
        let array = try KernelRunner.place(TestArray([1, 2, 3, 4], [2, 2], dtype))
        #expect(try KernelRunner.cpu(MatMul(), [array, array]) == nil)
    }
}
