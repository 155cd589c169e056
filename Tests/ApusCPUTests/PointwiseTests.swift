import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

/// One elementwise function as a program, as the engine makes it.
private func program(_ function: PointwiseFunction, _ inputs: [TestArray], shape: Shape? = nil) -> FusedPointwise {
    FusedPointwise(
        inputTypes: inputs.map(\.dtype),
        instructions: [
            .init(
                .function(function), operands: Array(inputs.indices),
                dtype: function.isPredicate ? .bool : inputs[inputs.count - 1].dtype)
        ], results: [inputs.count], shapes: [shape ?? inputs[0].shape])
}

@Suite("Elementwise functions of the CPU agree with the reference")
struct PointwiseTests {
    /// Zeros, infinities, NaN, the ends of the normal and denormal numbers, halves, and where exp leaves the range.
    private static let specials: [Double] = {
        let positive: [Double] = [
            0, 0x1p-149, 0x1p-140, 0x1p-126, 0x1.8p-126, 1e-20, 1e-7, 0.25, 0.4999999701976776, 0.5, 0.6249, 0.75,
            0.9375, 0.99999994, 1, 1.0000001, 1.5, 2, 2.5, 3, 3.5, 3.95, 4.5, 10, 17.3, 80, 87.5, 88.7, 88.9, 103.9,
            104.1, 8_388_607.5, 8_388_608, 16_777_217, 2.5e9, 1e20, 0x1.fffffep127, .infinity,
        ]
        return positive + positive.map { -$0 } + [.nan]
    }()

    /// Derivatives cross zero where no float is; `ActivationTests` checks them.
    private static let oneInput = PointwiseFunction.allCases.filter {
        $0.arity == 1 && ![.cast, .siluDerivative, .mishDerivative, .geluDerivative, .geluTanhDerivative].contains($0)
    }

    /// The largest distance from the reference in floats; 0 where the processor rounds the exact result.
    ///
    /// The polynomials' own files give their errors (at most 2.4 units of a half float each way), to which the
    /// reference's rounding adds half a float; the C library's functions are good to one float.
    private static func distance(_ function: PointwiseFunction) -> Int {
        switch function {
        case .sigmoid, .expm1, .sinh, .cosh, .asinh, .acosh, .atanh: 3
        case .exp, .log, .tanh, .erf, .log1p, .sin, .cos, .tan, .pow, .rsqrt, .exp2, .log2, .log10, .asin, .acos,
            .atan, .erfc, .atan2, .hypot, .floorDivide, .hardsigmoid, .softsign,
            .huber, .hardswishGradient:
            2
        // Made of several of the above.
        case .hardswish, .logSigmoid: 3
        case .silu, .mish, .softplus: 6
        case .gelu, .tanhshrink: 16
        // The rounding of the exponent, up to 104, is a relative error of the exponential.
        case .geluTanh: 256
        default: 0
        }
    }

    private func check(_ function: PointwiseFunction, _ inputs: [TestArray], distance: Int? = nil) throws {
        let actual = try KernelRunner.cpu(program(function, inputs), inputs)[0]
        let expected = try KernelRunner.reference(program(function, inputs), inputs)[0]
        #expect(actual.spec == expected.spec)
        let bound = distance ?? Self.distance(function)
        for index in actual.values.indices {
            let (a, b) = (actual.values[index], expected.values[index])
            let arguments = inputs.map { $0.values[index] }
            // A denormal exponential has lost digits before it is multiplied with an x of 104.
            let isDenormal = bound > 0 && abs(a - b) < 104 * 0x1p-149
            #expect(isDenormal || floatsBetween(a, b) <= bound, "\(function)(\(arguments)) is \(a) instead of \(b)")
        }
    }

    @Test(
        "one input, special values", arguments: oneInput)
    func unary(function: PointwiseFunction) throws {
        let x = TestArray(Self.specials)
        try check(function, [x])
        // The sign of zero is part of the result of all but the truths, and what rounds to 0.
        guard !function.isPredicate, function != .logSigmoid else { return }
        let actual = try KernelRunner.cpu(program(function, [x]), [x])[0]
        let expected = try KernelRunner.reference(program(function, [x]), [x])[0]
        for index in x.values.indices where expected.values[index] == 0 {
            #expect(
                actual.values[index].sign == expected.values[index].sign,
                "\(function)(\(x.values[index])) is \(actual.values[index]), not \(expected.values[index])")
        }
    }

    @Test("one input, all magnitudes", arguments: oneInput)
    func unaryRandom(function: PointwiseFunction) throws {
        var generator = SeededGenerator(seed: 6_000)
        let values = (0..<1_500).map { _ in
            Double(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next() as UInt64)))
        }
        try check(function, [TestArray(values)])
        try check(function, [.random([1_500], in: -12...12, using: &generator)])
    }

    @Test(
        "two inputs, all pairs of special values",
        arguments: PointwiseFunction.allCases.filter {
            $0.arity == 2 && ![.sigmoidGradient, .tanhGradient].contains($0)
        }
    )
    func binary(function: PointwiseFunction) throws {
        let a = Self.specials.flatMap { first in Self.specials.map { _ in first } }
        let b = Self.specials.flatMap { _ in Self.specials }
        try check(function, [TestArray(a), TestArray(b)])
    }

    /// Both are a difference of products, which may cancel; the results of sigmoid and tanh are at most 1.
    @Test("gradients of sigmoid and tanh", arguments: [PointwiseFunction.sigmoidGradient, .tanhGradient])
    func activationGradients(function: PointwiseFunction) throws {
        var generator = SeededGenerator(seed: 6_100)
        let low = function == .tanhGradient ? -1.0 : 0
        let y = TestArray.random([2_000], in: low...1, using: &generator)
        let dy = TestArray.random([2_000], in: -100...100, using: &generator)
        let actual = try KernelRunner.cpu(program(function, [y, dy]), [y, dy])[0]
        let expected = try KernelRunner.reference(program(function, [y, dy]), [y, dy])[0]
        expectAgreement(actual, expected, "\(function)") { 4 * roundingUnit * dy.values[$0].magnitude }
    }

    @Test("a choice between two")
    func select() throws {
        var generator = SeededGenerator(seed: 6_200)
        let condition = TestArray.random([77], .bool, using: &generator)
        let inputs = [condition, TestArray(Self.specials), TestArray(Self.specials.reversed())]
        try check(.select, inputs, distance: 0)
    }

    @Test(
        "conversions",
        arguments: [
            (DType.float32, DType.bool), (.float32, .int64), (.float32, .uint8), (.bool, .float32), (.bool, .int64),
            (.bool, .uint8), (.uint8, .float32), (.int64, .float32), (.uint8, .bool), (.int64, .bool),
        ])
    func casts(from: DType, to: DType) throws {
        var generator = SeededGenerator(seed: 6_300)
        // Beyond Int64 and for NaN, C and PyTorch leave the result open.
        let special: [Double] = from == .float32 ? [0, -0.0, 0.5, -0.5, 1.9, -1.9, 255.5, 256, 300, -1, 1e9] : [0, 1]
        let x = TestArray(
            special + TestArray.random([600], from, in: -1_000...1_000, using: &generator).values, nil, from)
        let cast = FusedPointwise(
            inputTypes: [from], instructions: [.init(.function(.cast), operands: [0], dtype: to)], results: [1],
            shapes: [x.shape])
        try expectSameElements(cast, [x])
    }

    /// What is read after a conversion is what the other type holds, not what was converted.
    @Test("a conversion and back", arguments: [DType.uint8, .int64, .bool])
    func castsAndBack(through middle: DType) throws {
        let x = TestArray([0, 0.25, -0.5, 1.9, -1.9, 255.5, 256, 300, -1, 16_777_216])
        let program = FusedPointwise(
            inputTypes: [.float32],
            instructions: [
                .init(.function(.cast), operands: [0], dtype: middle),
                .init(.function(.cast), operands: [1], dtype: .float32),
            ], results: [2], shapes: [x.shape])
        let expected = try KernelRunner.reference(program, [x])[0]
        // A program that the interpreter does not hold exactly is left to the reference.
        guard let actual = try KernelRunner.cpu(program, [try KernelRunner.place(x)]) else { return }
        expectAgreement(try KernelRunner.read(actual[0]), expected, "through \(middle)")
    }

    @Test("types without a kernel")
    func unsupported() throws {
        for dtype in [DType.int64, .float64, .uint8] {
            let other = TestArray([1, 2], nil, dtype)
            let placed = try KernelRunner.place(other)
            #expect(try KernelRunner.cpu(program(.add, [other, other]), [placed, placed]) == nil)
        }
    }
}
