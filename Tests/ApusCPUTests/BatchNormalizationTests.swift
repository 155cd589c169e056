import ApusGraph
import ApusTestSupport
import Testing

@Suite("Batch normalisation of the CPU agrees with the reference")
struct BatchNormalizationTests {
    private static let shapes: [Shape] = [
        [2, 1], [5, 3], [17, 33], [2, 3, 7], [3, 5, 7, 9], [1, 2, 3, 3], [4, 17, 1, 1], [2, 2, 3, 2, 5],
        [16, 16, 8, 8],
    ]

    private func terms(_ shape: Shape) -> Int { shape.elementCount / shape[1] }

    @Test("forward", arguments: shapes, [false, true])
    func forward(shape: Shape, isAffine: Bool) throws {
        var generator = SeededGenerator(seed: 4_000 + shape.elementCount)
        let x = TestArray.random(shape, in: -1...2, using: &generator)
        let parameters =
            isAffine ? [-2.0...2, -1...1].map { TestArray.random([shape[1]], in: $0, using: &generator) } : []
        let norm = BatchNormalization(epsilon: 1e-5, isAffine: isAffine)
        let actual = try KernelRunner.cpu(norm, [x] + parameters)
        let expected = try KernelRunner.reference(norm, [x] + parameters)
        let tolerance = sumTolerance(terms(shape))
        let largestInverse = expected[3].largest
        // y = (x − mean) · inverse · γ + β: an error of the mean is multiplied by the inverse, and |x|, |γ| ≤ 2. That
        // of the variance, relative to (|x| · inverse)², enters 1 / √ by half.
        let scale = 4 * (largestInverse + largestInverse * largestInverse * largestInverse) + 4
        expectAgreement(actual[0], expected[0], "y of \(shape.brackets)") { _ in tolerance * scale }
        expectAgreement(actual[1], expected[1], "mean of \(shape.brackets)") { _ in tolerance * x.largest }
        expectAgreement(actual[2], expected[2], "variance of \(shape.brackets)") { _ in
            tolerance * x.largest * x.largest
        }
        expectAgreement(actual[3], expected[3], "inverse of \(shape.brackets)") {
            let inverse = expected[3].values[$0]
            return tolerance * inverse * (1 + x.largest * x.largest * inverse * inverse)
        }
    }

    @Test("gradient", arguments: shapes)
    func gradient(shape: Shape) throws {
        var generator = SeededGenerator(seed: 4_100 + shape.elementCount)
        let x = TestArray.random(shape, in: -1...2, using: &generator)
        let dy = TestArray.random(shape, using: &generator)
        let gamma = TestArray.random([shape[1]], in: -2...2, using: &generator)
        let forward = try KernelRunner.reference(BatchNormalization(epsilon: 1e-5, isAffine: false), [x])
        let inputs = [dy, x, forward[1], forward[3], gamma]
        let actual = try KernelRunner.cpu(BatchNormalizationGradient(), inputs)
        let expected = try KernelRunner.reference(BatchNormalizationGradient(), inputs)
        let tolerance = sumTolerance(terms(shape))
        // x̂ is y without γ and β; |dy| ≤ 1. Its own error is a unit of |x| · inverse.
        let (normalized, inverse) = (forward[0].largest + 1, forward[3].largest)
        let error = tolerance * (1 + inverse)
        expectAgreement(actual[0], expected[0], "dx of \(shape.brackets)") { _ in
            2 * inverse * error * (2 + normalized * normalized)
        }
        expectAgreement(actual[1], expected[1], "dγ of \(shape.brackets)") { _ in
            error * normalized * Double(terms(shape))
        }
        expectAgreement(actual[2], expected[2], "dβ of \(shape.brackets)") { _ in tolerance * Double(terms(shape)) }
    }
}
