import ApusGraph
import ApusTestSupport
import Testing

@Suite("Local response normalisation of the CPU agrees with the reference")
struct LocalResponseNormalizationTests {
    @Test("forward and gradient", arguments: 0..<30)
    func agrees(seed: Int) throws {
        var generator = SeededGenerator(seed: 4_600 + seed)
        let shape: Shape = [
            generator.int(1...3), generator.int(1...20), generator.pick([1, 3, 7, 63, 64, 65, 130]),
        ]
        let norm = LocalResponseNormalization(
            size: generator.int(1...9), alpha: generator.pick([0, 1e-4, 1, 5]),
            beta: generator.pick([0, 0.5, 0.75, 1, 2]), k: generator.pick([0.5, 1, 2]))
        let x = TestArray.random(shape, in: -3...3, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        let y = try KernelRunner.cpu(norm, [x])[0]
        // The logarithm of d ≤ 47 and its exponential round by a few units; d^(−β) ≤ 4, and 8 with d^(−β − 1).
        let error = sumTolerance(norm.size) * 16
        expectAgreement(y, try KernelRunner.reference(norm, [x])[0], "\(norm)") { _ in error * 12 }
        let gradient = LocalResponseNormalizationGradient(norm)
        let scale = 4 + 2 * norm.alpha * norm.beta * 9 * 8
        expectAgreement(
            try KernelRunner.cpu(gradient, [dy, x])[0], try KernelRunner.reference(gradient, [dy, x])[0], "\(norm)"
        ) { _ in error * scale }
    }

    @Test("divisors that may be negative are left to the reference", arguments: [(-1.0, 1.0), (1.0, -1.0)])
    func negativeDivisors(alpha: Double, k: Double) throws {
        let norm = LocalResponseNormalization(size: 3, alpha: alpha, beta: 0.5, k: k)
        let x = try KernelRunner.place(TestArray([1, 2, 3], [1, 3, 1]))
        #expect(try KernelRunner.cpu(norm, [x]) == nil)
        #expect(try KernelRunner.cpu(LocalResponseNormalizationGradient(norm), [x, x]) == nil)
    }
}
