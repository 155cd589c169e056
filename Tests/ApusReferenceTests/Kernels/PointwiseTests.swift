import ApusGraph
import ApusPlan
import ApusReference
import Testing

@Suite struct PointwiseTests {
    private func apply(_ function: PointwiseFunction, _ dtype: DType, _ inputs: [Double]...) throws -> [Double] {
        let arrays = inputs.map { Numbers($0, nil, dtype) }
        return try compute(Pointwise(function), arrays)[0].values
    }

    @Test func realFunctions() throws {
        let nan = Double.nan
        let inf = Double.infinity
        func check(
            _ function: PointwiseFunction, _ inputs: [[Double]], _ expected: [Double], tolerance: Double = 0,
            _ location: SourceLocation = #_sourceLocation
        ) throws {
            let actual = try compute(Pointwise(function), inputs.map { Numbers($0, nil, .float64) })[0].values
            #expect(isClose(actual, expected, tolerance: tolerance), "\(function): \(actual)", sourceLocation: location)
        }
        try check(.round, [[0.5, 1.5, 2.5, -0.5, -1.5, 2.4]], [0, 2, 2, 0, -2, 2])
        try check(.floor, [[1.5, -1.5]], [1, -2])
        try check(.ceil, [[1.5, -1.5]], [2, -1])
        try check(.trunc, [[1.5, -1.5]], [1, -1])
        try check(.sign, [[3, -2, 0, nan]], [1, -1, 0, 0])
        try check(.relu, [[3, -2, 0, nan]], [3, 0, 0, nan])
        try check(.sqrt, [[4, -1]], [2, nan])
        try check(.log, [[1, 0, -1]], [0, -inf, nan])
        try check(.sigmoid, [[0, 1000, -1000]], [0.5, 1, 0])
        try check(.rsqrt, [[4, 0]], [0.5, inf])
        // From tables of the functions, rounded to ten digits.
        try check(.erf, [[0.5, -1.25]], [0.5204998778, -0.9229001283], tolerance: 1e-10)
        try check(.tanh, [[1]], [0.7615941560], tolerance: 1e-10)
        try check(.atan2, [[1, -1], [-1, 2]], [2.3561944902, -0.4636476090], tolerance: 1e-10)
        try check(.remainder, [[5, -5, 5, -5, 3], [3, 3, -3, -3, 0]], [2, 1, -1, -2, nan])
        try check(.pow, [[2, -2, 9, 0], [10, 3, 0.5, 0]], [1024, -8, 3, 1])
        try check(.maximum, [[1, nan, 2], [2, 1, nan]], [2, nan, nan])
        try check(.minimum, [[1, nan, 2], [2, 1, nan]], [1, nan, nan])
        try check(.eq, [[1, nan, 2], [1, nan, 3]], [1, 0, 0])
        try check(.ne, [[1, nan, 2], [1, nan, 3]], [0, 1, 1])
        try check(.isNaN, [[1, nan, inf]], [0, 1, 0])
        try check(.sigmoidGradient, [[0.25], [8]], [1.5])
        try check(.tanhGradient, [[0.5], [8]], [6])
        try check(.reluGradient, [[0, 1, 2], [5, 6, 7]], [0, 6, 7])
    }

    @Test func float32IsRoundedOnce() throws {
        #expect(try apply(.div, .float32, [1], [3]) == [Double(Float(1) / 3)])
        #expect(try apply(.exp, .float32, [1]) == [Double(Float(2.718281828459045))])
        // 2²⁴ + 1 is not a float.
        #expect(try apply(.add, .float32, [16_777_216], [1]) == [16_777_216])
        #expect(try apply(.add, .float64, [16_777_216], [1]) == [16_777_217])
    }

    @Test func integersAreExact() throws {
        #expect(try apply(.remainder, .int64, [5, -5, 5, -5], [3, 3, -3, -3]) == [2, 1, -1, -2])
        #expect(try apply(.pow, .int64, [1, -1, 2, 3, 0], [-3, -3, -1, 4, 0]) == [1, -1, 0, 81, 1])
        #expect(try apply(.add, .uint8, [250], [10]) == [4])
        #expect(try apply(.neg, .uint8, [1]) == [255])
        #expect(try apply(.mul, .bool, [1, 1, 0], [1, 0, 0]) == [1, 0, 0])
        #expect(try apply(.add, .bool, [1, 1, 0], [1, 0, 0]) == [1, 1, 0])
        // 3³³ needs 53 bits; the last digit is lost in no step.
        let power = try compute(Pointwise(.pow), Numbers([3], nil, .int64), Numbers([33], nil, .int64))
        #expect(power[0].values == [5_559_060_566_555_523])
    }

    @Test func undefinedOperationsAreRefused() throws {
        #expect(throws: TensorError.self) { try apply(.sub, .bool, [1], [1]) }
        #expect(throws: TensorError.self) { try apply(.exp, .int64, [1]) }
        let error = #expect(throws: TensorError.self) { try apply(.remainder, .int64, [1, 1], [2, 0]) }
        #expect(error?.description.contains("divided by 0") == true)
    }

    @Test(arguments: [
        (DType.float32, DType.int64, [1.9, -1.9, 0, .nan], [1.0, -1, 0, -0x1p63]),
        (.float32, .uint8, [1.9, 300, -1, 0], [1, 44, 255, 0]),
        (.float64, .bool, [0, -0.5, .nan, 2], [0, 1, 1, 1]),
        (.float64, .float32, [0.1], [Double(Float(0.1))]),
        (.int64, .float32, [16_777_217], [16_777_216]),
        (.int64, .uint8, [257, -1], [1, 255]),
        (.bool, .float32, [1, 0], [1, 0]),
    ]) func casts(from: DType, to: DType, values: [Double], expected: [Double]) throws {
        let result = try compute(Pointwise(.cast, resultType: to), Numbers(values, nil, from))
        #expect(result == [Numbers(expected, nil, to)])
    }

    @Test func broadcasting() throws {
        let column = Numbers([0, 10], [2, 1], .int64)
        let row = Numbers([1, 2, 3], nil, .int64)
        #expect(try compute(Pointwise(.add), column, row)[0] == Numbers([1, 2, 3, 11, 12, 13], [2, 3], .int64))
        let condition = Numbers([1, 0, 1], nil, .bool)
        let chosen = try compute(Pointwise(.select), condition, Numbers([5], []), Numbers([1, 2, 3, 4, 5, 6], [2, 3]))
        #expect(chosen[0] == Numbers([5, 2, 5, 5, 5, 5], [2, 3]))
        // More elements than a tile, a middle dimension that stretches, and none at all.
        let long = try compute(
            Pointwise(.mul), smallIntegers([7, 1, 61], seed: 1), Numbers([1, 2], [1, 2, 1], .float64))[0]
        let source = smallIntegers([7, 1, 61], seed: 1).values
        let expected = (0..<7).flatMap { sample in
            (1...2).flatMap { factor in (0..<61).map { source[sample * 61 + $0] * Double(factor) } }
        }
        #expect(long == Numbers(expected, [7, 2, 61], .float64))
        #expect(try compute(Pointwise(.exp), Numbers([], [0, 3]))[0] == Numbers([], [0, 3]))
    }
}

@Suite struct FusedPointwiseTests {
    /// y = relu(x · w + 0.5), and whether y is greater than 1.
    private func program(_ shapes: [Shape]) -> FusedPointwise {
        FusedPointwise(
            inputTypes: [.float32, .float32],
            instructions: [
                .init(.constant(0.5), operands: [], dtype: .float32),
                .init(.function(.mul), operands: [0, 1], dtype: .float32),
                .init(.function(.add), operands: [3, 2], dtype: .float32),
                .init(.function(.relu), operands: [4], dtype: .float32),
                .init(.constant(1), operands: [], dtype: .float32),
                .init(.function(.gt), operands: [5, 6], dtype: .bool),
            ], results: [5, 7], shapes: shapes)
    }

    @Test func partsAndResults() throws {
        let inputs = [
            Numbers([1, -2, 3, 4], [2, 2]), Numbers([0.5, 2], [2]), Numbers([10], [1]), Numbers([-1], []),
        ]
        let results = try compute(program([[2, 2], [1]]), inputs)
        #expect(
            results == [
                Numbers([1, 0, 2, 8.5], [2, 2]), Numbers([0, 0, 1, 1], [2, 2], .bool), Numbers([0], [1]),
                Numbers([0], [1], .bool),
            ])
    }

    /// The first result may lie where the first input was, also over several tiles.
    @Test func inPlace() throws {
        let count = 1_000
        let x = smallIntegers([count], seed: 11, .float32)
        let w = smallIntegers([count], seed: 12, .float32)
        let separate = try compute(program([[count]]), x, w)
        let storages = [x.spec, w.spec, separate[1].spec].map { Storage(byteCount: $0.byteCount) }
        MutableArrayView(storages[0].pointer, x.spec).store(x.values)
        MutableArrayView(storages[1].pointer, w.spec).store(w.values)
        let pointers = [storages[0].pointer, storages[1].pointer, storages[0].pointer, storages[2].pointer]
        try run(program([[count]]), [x.spec, w.spec], separate.map(\.spec), pointers)
        #expect(ArrayView(UnsafeRawPointer(storages[0].pointer), x.spec).reals() == separate[0].values)
        #expect(ArrayView(UnsafeRawPointer(storages[2].pointer), separate[1].spec).reals() == separate[1].values)
    }

    /// Fusing rounds where the functions one by one would.
    @Test func roundsLikeSeparateFunctions() throws {
        let x = Numbers((1...300).map { 1 / Double($0) })
        let fused = FusedPointwise(
            inputTypes: [.float32],
            instructions: [
                .init(.function(.exp), operands: [0], dtype: .float32),
                .init(.function(.mul), operands: [1, 1], dtype: .float32),
                .init(.function(.cast), operands: [2], dtype: .float64),
                .init(.function(.log), operands: [3], dtype: .float64),
            ], results: [4], shapes: [[300]])
        let exponential = try compute(Pointwise(.exp), x)[0]
        let product = try compute(Pointwise(.mul), exponential, exponential)[0]
        let wide = try compute(Pointwise(.cast, resultType: .float64), product)[0]
        #expect(try compute(fused, x) == compute(Pointwise(.log), wide))
    }
}
