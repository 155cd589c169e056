import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// A random program with a bound of the error of each of its registers.
private struct RandomProgram {
    var inputTypes: [DType] = []
    var instructions: [FusedPointwise.Instruction] = []
    /// For each register, how large its numbers and their errors are at most; nil for truths.
    private var bounds: [(size: Double, error: Double)?] = []

    init(inputs: Int, instructions count: Int, using generator: inout SeededGenerator) {
        // Inputs are at most 1, and exact.
        for _ in 0..<inputs {
            inputTypes.append(.float32)
            bounds.append((1, 0))
        }
        while instructions.count < count { append(using: &generator) }
    }

    /// The registers of instructions.
    var registers: [Int] { instructions.indices.map { $0 + inputTypes.count } }

    func tolerance(_ register: Int) -> Double { bounds[register]?.error ?? 0 }

    private mutating func append(using generator: inout SeededGenerator) {
        let reals = bounds.indices.filter { bounds[$0] != nil }
        let truths = bounds.indices.filter { bounds[$0] == nil }
        let (a, b) = (generator.pick(reals), generator.pick(reals))
        guard let x = bounds[a], let y = bounds[b] else { return }
        switch generator.int(0...9) {
        case 0: add(.add, [a, b], x.size + y.size, x.error + y.error)
        case 1: add(.sub, [a, b], x.size + y.size, x.error + y.error)
        case 2 where x.size * y.size < 100: add(.mul, [a, b], x.size * y.size, x.size * y.error + y.size * x.error)
        case 3: add(.maximum, [a, b], max(x.size, y.size), max(x.error, y.error))
        // Functions whose slope is at most 1, good to three units.
        case 4: add(.tanh, [a], 1, x.error, units: 3)
        case 5: add(.sigmoid, [a], 1, x.error, units: 4)
        case 6: add(.neg, [a], x.size, x.error)
        case 7:
            let value = Double(generator.int(-4...4)) / 4
            instructions.append(.init(.constant(value), operands: [], dtype: .float32))
            bounds.append((value.magnitude, 0))
        // Inputs only: a number with an error could compare either way.
        case 8:
            let (first, second) = (generator.int(0...(inputTypes.count - 1)), generator.int(0...(inputTypes.count - 1)))
            instructions.append(
                .init(.function(generator.pick([.gt, .le, .ne])), operands: [first, second], dtype: .bool))
            bounds.append(nil)
        case 9:
            guard let condition = truths.last else { return }
            instructions.append(.init(.function(.select), operands: [condition, a, b], dtype: .float32))
            bounds.append((max(x.size, y.size), max(x.error, y.error)))
        default: return
        }
    }

    private mutating func add(
        _ function: PointwiseFunction, _ operands: [Int], _ size: Double, _ error: Double, units: Double = 1
    ) {
        instructions.append(.init(.function(function), operands: operands, dtype: .float32))
        bounds.append((size, error + units * roundingUnit * size))
    }
}

@Suite("Elementwise programs of the CPU agree with the reference")
struct PointwiseProgramTests {
    private func compare(
        _ program: FusedPointwise, _ random: RandomProgram, _ inputs: [TestArray], overwriting: Int? = nil
    ) throws {
        let placed = try inputs.map { try KernelRunner.place($0) }
        let actual = try #require(try KernelRunner.cpu(program, placed, overwriting: overwriting))
        let expected = try KernelRunner.reference(program, inputs)
        for (output, result) in actual.enumerated() {
            let tolerance = random.tolerance(program.results[output % program.results.count])
            expectAgreement(try KernelRunner.read(result), expected[output], "\(program.name), result \(output)") { _ in
                tolerance
            }
        }
    }

    @Test("programs of one shape, over several tiles", arguments: 0..<40)
    func programs(seed: Int) throws {
        var generator = SeededGenerator(seed: 7_000 + seed)
        let random = RandomProgram(inputs: generator.int(1...6), instructions: generator.int(1...40), using: &generator)
        let shape = Shape([generator.pick([1, 3, 511, 512, 513, 1_500, 9_000])])
        let results = Array(random.registers.shuffled(using: &generator).prefix(generator.int(1...4)))
        let program = FusedPointwise(
            inputTypes: random.inputTypes, instructions: random.instructions, results: results, shapes: [shape])
        let inputs = random.inputTypes.map { _ in TestArray.random(shape, using: &generator) }
        try compare(program, random, inputs)
        if program.dtype(of: results[0]) == .float32 { try compare(program, random, inputs, overwriting: 0) }
    }

    /// Inputs with sizes of 1 anywhere, with fewer dimensions, and with one element.
    @Test("broadcasting", arguments: 0..<40)
    func broadcasting(seed: Int) throws {
        var generator = SeededGenerator(seed: 7_100 + seed)
        let shape = generator.shape(rank: seed % 5 + 1, upTo: 17)
        let random = RandomProgram(inputs: 4, instructions: 8, using: &generator)
        let inputs = random.inputTypes.map { _ in
            let sizes = shape.dimensions.map { generator.chance(0.4) ? 1 : $0 }
            return TestArray.random(Shape(Array(sizes.dropFirst(generator.int(0...shape.rank)))), using: &generator)
        }
        let results = Array(random.registers.suffix(2))
        let program = FusedPointwise(
            inputTypes: random.inputTypes, instructions: random.instructions, results: results, shapes: [shape])
        try compare(program, random, inputs)
    }

    @Test("sweeps over several shapes", arguments: 0..<15)
    func sweeps(seed: Int) throws {
        var generator = SeededGenerator(seed: 7_200 + seed)
        let random = RandomProgram(inputs: 3, instructions: generator.int(2...20), using: &generator)
        let shapes = (0..<generator.int(2...6)).map { _ in generator.shape(rank: generator.int(0...3), upTo: 17) }
        let results = Array(random.registers.suffix(2))
        let program = FusedPointwise(
            inputTypes: random.inputTypes, instructions: random.instructions, results: results, shapes: shapes)
        // The last input of each part is a scalar, as a learning rate is.
        let inputs = shapes.flatMap { shape in
            [shape, shape, []].map { TestArray.random($0, using: &generator) }
        }
        try compare(program, random, inputs)
    }

    @Test("mixed types of inputs")
    func mixedTypes() throws {
        var generator = SeededGenerator(seed: 7_300)
        let shape: Shape = [3, 1, 700]
        let program = FusedPointwise(
            inputTypes: [.uint8, .bool, .int64],
            instructions: [
                .init(.function(.cast), operands: [0], dtype: .float32),
                .init(.constant(0.5), operands: [], dtype: .float32),
                .init(.function(.mul), operands: [3, 4], dtype: .float32),
                .init(.function(.cast), operands: [2], dtype: .float32),
                .init(.function(.select), operands: [1, 5, 6], dtype: .float32),
                .init(.function(.lt), operands: [5, 6], dtype: .bool),
                .init(.function(.logicalAnd), operands: [8, 1], dtype: .bool),
            ], results: [7, 9], shapes: [shape])
        for stretched in [shape, [700], [3, 1, 1], []] as [Shape] {
            try expectSameElements(
                program,
                [
                    .random(stretched, .uint8, using: &generator), .random(shape, .bool, using: &generator),
                    .random(stretched, .int64, using: &generator),
                ])
        }
    }

    @Test("the layout of the inputs is carried on", arguments: LanesKind.allCases, [16, 29])
    func layouts(kind: LanesKind, images: Int) throws {
        var generator = SeededGenerator(seed: 7_400)
        let shape: Shape = [images, 32, 3, 5]
        let layout = try kind.layout(TensorSpec(shape, .float32))
        for _ in 0..<10 {
            let random = RandomProgram(inputs: 3, instructions: 12, using: &generator)
            // Results of truth values are among them.
            let results = Array(random.registers.shuffled(using: &generator).prefix(3))
            let program = FusedPointwise(
                inputTypes: random.inputTypes, instructions: random.instructions, results: results, shapes: [shape])
            let inputs = [shape, shape, [1]].map { TestArray.random($0, using: &generator) }
            let placed = [
                try KernelRunner.place(inputs[0], layout), try KernelRunner.place(inputs[1]),
                try KernelRunner.place(inputs[2]),
            ]
            let actual = try #require(try KernelRunner.cpu(program, placed))
            let areReal = results.allSatisfy { program.dtype(of: $0) == .float32 }
            if areReal { #expect(actual.allSatisfy { $0.planned.layout == layout }) }
            let expected = try KernelRunner.reference(program, inputs)
            for (output, result) in actual.enumerated() {
                expectAgreement(try KernelRunner.read(result), expected[output], "\(program.name)") { _ in
                    random.tolerance(results[output])
                }
            }
        }
    }

    /// A mask is one byte an element: no layout of `float32` describes it.
    @Test("masks stay plain", arguments: LanesKind.allCases)
    func masks(kind: LanesKind) throws {
        var generator = SeededGenerator(seed: 7_500)
        let shape: Shape = [16, 16, 3, 3]
        let (mask, x) = (
            TestArray.random(shape, .bool, using: &generator), TestArray.random(shape, using: &generator)
        )
        let placed = [
            try KernelRunner.place(mask), try KernelRunner.place(x, try kind.layout(x.spec)),
        ]
        let program = FusedPointwise(
            inputTypes: [.bool, .float32],
            instructions: [
                .init(.constant(0.5), operands: [], dtype: .float32),
                .init(.function(.select), operands: [0, 1, 2], dtype: .float32),
                .init(.function(.gt), operands: [1, 2], dtype: .bool),
            ], results: [3, 4], shapes: [shape])
        let actual = try #require(try KernelRunner.cpu(program, placed))
        let expected = try KernelRunner.reference(program, [mask, x])
        for (result, expected) in zip(actual, expected) { expectAgreement(try KernelRunner.read(result), expected) }
    }

    /// Where the backend has no kernel for a program it must not ask for a layout either: the reference takes over.
    @Test("programs without a kernel ask for no layout", arguments: LanesKind.allCases)
    func unsupportedInLayouts(kind: LanesKind) throws {
        let x = TestArray([Double](repeating: 1.5, count: 256 * 4), [16, 16, 2, 2])
        let placed = try KernelRunner.place(x, try kind.layout(x.spec))
        let program = FusedPointwise(
            inputTypes: [.float32],
            instructions: [
                .init(.function(.cast), operands: [0], dtype: .float64),
                .init(.function(.cast), operands: [1], dtype: .float32),
            ], results: [2], shapes: [x.shape])
        #expect(try KernelRunner.cpu(program, [placed]) == nil)
    }
}
