import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite(.serialized) struct InitializerTests {
    /// Mean, biased standard deviation and the largest absolute value.
    private func statistics(_ tensor: Tensor) -> (mean: Double, deviation: Double, reach: Double) {
        let values = tensor.array(as: Double.self)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return (mean, variance.squareRoot(), values.map(abs).max() ?? 0)
    }

    /// The standard errors of mean and deviation are σ / √n and, for normal numbers, σ / √(2n); six are allowed.
    private func expectSpread(_ tensor: Tensor, _ deviation: Double, isUniform: Bool) {
        let found = statistics(tensor)
        let n = Double(tensor.count)
        #expect(abs(found.mean) < 6 * deviation / n.squareRoot())
        #expect(abs(found.deviation - deviation) < 6 * deviation / (2 * n).squareRoot())
        // The bounds are rounded to float32.
        if isUniform { #expect(found.reach <= 3.0.squareRoot() * deviation * (1 + 1e-6)) }
    }

    @Test func xavierKeepsTheVarianceBothWays() {
        let shape: Shape = [120, 200]
        let deviation = (2.0 / 320).squareRoot()
        expectSpread(Initializer.xavierUniform(shape), deviation, isUniform: true)
        expectSpread(Initializer.xavierNormal(shape, gain: 1.6), 1.6 * deviation, isUniform: false)
    }

    @Test func kaimingKeepsTheVarianceOneWay() {
        let shape: Shape = [32, 24, 3, 5]
        expectSpread(Initializer.kaimingUniform(shape), (2.0 / 360).squareRoot(), isUniform: true)
        expectSpread(
            Initializer.kaimingNormal(shape, mode: .fanOut, nonlinearity: .relu), (2.0 / 480).squareRoot(),
            isUniform: false)
        expectSpread(
            Initializer.kaimingUniform(shape, nonlinearity: .tanh), 5.0 / 3 / 360.0.squareRoot(), isUniform: true)
    }

    @Test func newLayersAreSpreadOverOneOverTheRootOfTheirFanIn() {
        let layer = Conv2d(8, 304, kernelSize: 3, groups: 4)
        // Even numbers over ±b have a standard deviation of b / √3.
        let bound = 1 / 18.0.squareRoot()
        expectSpread(layer.weight.data, bound / 3.0.squareRoot(), isUniform: true)
        #expect(statistics(layer.bias?.data ?? .zeros(1)).reach <= bound * (1 + 1e-6))
        #expect(statistics(layer.bias?.data ?? .zeros(1)).reach > bound / 2)
        expectSpread(Linear(90, 400).weight.data, 1 / 270.0.squareRoot(), isUniform: true)
    }

    @Test func gainsArePyTorchs() {
        #expect(Nonlinearity.leakyReLU().gain == 1.4141428569978354)
        #expect(Nonlinearity.leakyReLU(slope: 0.2).gain == 1.3867504905630728)
        #expect(Nonlinearity.tanh.gain == 5.0 / 3)
        #expect(Nonlinearity.selu.gain == 0.75)
    }

    /// Bounds that no drawn number reaches cut nothing; the numbers are recorded only, as others are.
    @Test func aTruncatedNormalOfFarBoundsIsANormal() {
        let tensor = Initializer.truncatedNormal([40_000], mean: 1, standardDeviation: 0.01, low: -2, high: 2)
        #expect(tensor.value.node.isPending)
        let (mean, deviation) = (tensor.mean().item(as: Double.self), tensor.std().item(as: Double.self))
        // Six standard errors: deviation / √n, and deviation / √2n.
        #expect(abs(mean - 1) < 6 * 0.01 / 200)
        #expect(abs(deviation - 0.01) < 6 * 0.01 / 282)
    }

    @Test(arguments: [(0.0, 1.0, -2.0, 2.0), (0.5, 2.0, -1.0, 1.0), (0.0, 1.0, 4.0, 5.0)])
    func truncatedNormalsStayInside(_ mean: Double, _ deviation: Double, _ low: Double, _ high: Double) {
        let tensor = Initializer.truncatedNormal(
            [4_000], mean: mean, standardDeviation: deviation, low: low, high: high)
        let values = tensor.array(as: Double.self)
        #expect(values.allSatisfy { $0 >= low && $0 <= high })
        // The density falls away from the mean: the half nearer to it holds at least as much.
        let middle = (low + high) / 2
        let lower = Double(values.count { $0 < middle }) / 4_000
        // Six standard errors of a share of one half.
        let tolerance = 6 * 0.5 / 4_000.0.squareRoot()
        if mean < middle { #expect(lower > 0.5 - tolerance) } else { #expect(lower < 0.5 + tolerance) }
    }

    @Test(arguments: [[24, 24], [30, 12], [10, 35], [8, 4, 3, 3]])
    func orthogonalMatricesAreOrthogonal(_ sizes: [Int]) {
        let tensor = Initializer.orthogonal(Shape(sizes), gain: 1.5, dtype: .float64)
        let matrix = tensor.reshape([sizes[0], -1])
        let product = sizes[0] <= matrix.shape[1] ? matrix.matmul(matrix.T) : matrix.T.matmul(matrix)
        let side = product.shape[0]
        let values = product.array(as: Double.self)
        for row in 0..<side {
            for column in 0..<side {
                // Sums of at most 36 products in double precision.
                #expect(abs(values[row * side + column] - (row == column ? 2.25 : 0)) < 1e-13)
            }
        }
    }

    @Test func parametersKeepTheirShapeAndType() {
        let parameter = Parameter(.zeros(3, 4, dtype: .float64))
        Initializer.constant(parameter, 0.3)
        #expect(parameter.data.array(as: Double.self) == [Double](repeating: 0.3, count: 12))
        Initializer.normal(parameter, mean: 2.5, standardDeviation: 0.02)
        #expect(parameter.shape == [3, 4])
        #expect(parameter.dtype == .float64)
        #expect(parameter.data.array(as: Double.self).allSatisfy { abs($0 - 2.5) < 0.2 })
    }

    @Test func oneSeedGivesOneResult() {
        // The shared generator is not for this test alone: others draw from it at the same time.
        func draw(_ generator: Generator) -> [[Float]] {
            [
                Initializer.kaimingUniform([5, 4], generator: generator).array(),
                Initializer.truncatedNormal([5], generator: generator).array(),
                Initializer.orthogonal([3, 3], generator: generator).array(),
                Initializer.kaimingUniform([5, 4], generator: generator).array(),
            ]
        }
        let first = draw(Generator(seed: 7))
        #expect(first == draw(Generator(seed: 7)))
        #expect(first[0] != first[3])
        #expect(first[0] != draw(Generator(seed: 8))[0])
    }

    @Test func vectorsHaveNoFans() {
        for body in [
            { _ = Initializer.kaimingUniform([5]) }, { _ = Initializer.xavierNormal([5]) },
            { _ = Initializer.orthogonal([5]) },
        ] {
            #expect(message(of: body)?.contains("[out, in, …]") == true)
        }
        #expect(message { _ = Initializer.truncatedNormal([5], low: 2, high: 1) } != nil)
    }
}
