import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@Suite("Activations of the CPU agree with the reference")
struct ActivationTests {
    private func program(_ function: PointwiseFunction, _ inputs: [TestArray]) -> FusedPointwise {
        FusedPointwise(
            inputTypes: inputs.map(\.dtype),
            instructions: [.init(.function(function), operands: Array(inputs.indices), dtype: .float32)],
            results: [inputs.count], shapes: [inputs[0].shape])
    }

    private static let values: [Double] = {
        let positive: [Double] = [
            0, 0x1p-149, 1e-20, 1e-7, 0.1, 0.5, 0.75, 1, 1.19, 2, 3, 5, 11.9, 12.1, 14.9, 15.1, 19.9, 20.1, 80, 87,
            103.9, 1e10, 1e38, .infinity,
        ]
        return positive + positive.map { -$0 } + [.nan]
    }()

    private func check(_ function: PointwiseFunction, _ inputs: [TestArray], units: Double) throws {
        let actual = try KernelRunner.cpu(program(function, inputs), inputs)[0]
        let expected = try KernelRunner.reference(program(function, inputs), inputs)[0]
        expectAgreement(actual, expected, "\(function)") {
            units * roundingUnit * expected.values[$0].magnitude + Double(Float.leastNonzeroMagnitude)
        }
    }

    /// They are at most 1.2, and cross zero: there the digits of what is added count.
    @Test(
        "derivatives",
        arguments: [PointwiseFunction.siluDerivative, .mishDerivative, .geluDerivative, .geluTanhDerivative])
    func derivatives(function: PointwiseFunction) throws {
        var generator = SeededGenerator(seed: 6_700)
        for x in [TestArray(Self.values), .random([3_000], in: -16...16, using: &generator)] {
            let actual = try KernelRunner.cpu(program(function, [x]), [x])[0]
            let expected = try KernelRunner.reference(program(function, [x]), [x])[0]
            expectAgreement(actual, expected, "\(function)") { _ in 12 * roundingUnit }
        }
    }

    /// Far below zero nothing is subtracted: the digits are relative.
    @Test(
        "tails",
        arguments: [
            PointwiseFunction.silu, .mish, .gelu, .geluTanh, .siluDerivative, .mishDerivative, .geluDerivative,
            .geluTanhDerivative, .logSigmoid, .tanhshrink,
        ])
    func tails(function: PointwiseFunction) throws {
        var generator = SeededGenerator(seed: 6_710)
        let low = [.gelu, .geluDerivative, .geluTanh, .geluTanhDerivative].contains(function) ? -7.0 : -80
        // The exponents of the two forms of GELU lose what x² or x³ takes from their digits.
        let units = low == -7 ? 120.0 : 30
        try check(function, [.random([3_000], in: low ... -3, using: &generator)], units: units)
        if function == .tanhshrink {
            try check(function, [.random([3_000], in: -1e-3...1e-3, using: &generator)], units: 8)
        }
    }

    @Test("functions with numbers")
    func parameters() throws {
        var generator = SeededGenerator(seed: 6_720)
        let x = TestArray(Self.values + TestArray.random([2_000], in: -12...12, using: &generator).values)
        func constant(_ value: Double) -> TestArray { TestArray([Double](repeating: value, count: x.values.count)) }
        for value in [-0.5, 0, 0.25, 2] {
            try check(.leakyRelu, [x, constant(value)], units: 1)
            try check(.hardshrink, [x, constant(value)], units: 0)
            try check(.softshrink, [x, constant(value)], units: 2)
            try check(.threshold, [x, constant(value), constant(-3)], units: 0)
            try check(.hardtanh, [x, constant(value - 1), constant(value)], units: 0)
            for scale in [0.5, 1, 1.75] {
                try check(.elu, [x, constant(value), constant(scale)], units: 8)
                // The rounding of x · scale, up to 104 where it counts, is a relative error of the exponential.
                try check(.eluDerivative, [x, constant(value), constant(scale)], units: 104)
                try check(.softplus, [x, constant(scale), constant(10 * value + 1)], units: 104)
            }
        }
    }

    @Test(
        "gated linear units",
        arguments: [
            ([2], 0), ([1, 6], 1), ([3, 34, 5], 1), ([2, 4, 3, 7], 1), ([64, 3], 0), ([5, 2_000], 1),
            ([9, 8, 4_003], 1),
            ([4, 7, 1, 32], 3),
        ] as [(Shape, Int)])
    func gatedLinearUnits(shape: Shape, dimension: Int) throws {
        var generator = SeededGenerator(seed: 6_730)
        let unit = GatedLinearUnit(dimension: dimension)
        var half = shape.dimensions
        half[dimension] /= 2
        let x = TestArray.random(shape, in: -20...20, using: &generator)
        let dy = TestArray.random(Shape(half), using: &generator)
        let y = try KernelRunner.reference(unit, [x])[0]
        expectAgreement(try KernelRunner.cpu(unit, [x])[0], y, "\(unit)") {
            8 * roundingUnit * y.values[$0].magnitude
        }
        let gradient = GatedLinearUnitGradient(unit)
        let dx = try KernelRunner.reference(gradient, [x, dy])[0]
        expectAgreement(try KernelRunner.cpu(gradient, [x, dy])[0], dx, "\(gradient)") {
            12 * roundingUnit * dx.values[$0].magnitude
        }
    }
}
