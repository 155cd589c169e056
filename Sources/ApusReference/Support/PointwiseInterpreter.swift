import ApusGraph
import ApusPlan

/// Runs a program of elementwise functions, some elements at a time.
///
/// Each register holds a tile of elements: real ones in double precision, rounded to `Float` after each function where
/// they are `float32`; integers and truth values in `Int64`. So a fused chain gives the same bits as its functions one
/// by one.
struct PointwiseInterpreter {
    /// Elements of a tile: enough that looking at the program costs little, few enough to stay in the nearest cache.
    private static let tile = 256

    private let program: FusedPointwise
    private let registers: [UnsafeMutableRawPointer]

    init(_ program: FusedPointwise) throws(TensorError) {
        self.program = program
        for instruction in program.instructions {
            guard case .function(let function) = instruction.operation else { continue }
            let dtype = instruction.operands.last.map(program.dtype(of:)) ?? instruction.dtype
            if !dtype.isFloatingPoint, let refusal = IntegerFunctions.refusal(function, dtype) { throw refusal }
        }
        registers = (0..<program.inputsPerPart + program.instructions.count).map { _ in
            UnsafeMutableRawPointer.allocate(byteCount: Self.tile * 8, alignment: 64)
        }
    }

    func deallocate() { for register in registers { register.deallocate() } }

    /// Computes one part of the program. A result may be written over an input of its own shape.
    func run(_ shape: Shape, _ inputs: ArraySlice<ArrayView>, _ outputs: ArraySlice<MutableArrayView>) throws {
        for (position, instruction) in program.instructions.enumerated() {
            if case .constant(let value) = instruction.operation {
                fill(program.inputsPerPart + position, value, instruction.dtype)
            }
        }
        let readers = inputs.map { TileReader($0, shape) }
        let total = shape.elementCount
        for start in stride(from: 0, to: total, by: Self.tile) {
            let length = min(Self.tile, total - start)
            for index in readers.indices { readers[index].read(start, length, into: registers[index]) }
            for (position, instruction) in program.instructions.enumerated() {
                guard case .function(let function) = instruction.operation else { continue }
                try apply(function, instruction, program.inputsPerPart + position, length)
            }
            for (output, register) in zip(outputs, program.results) {
                if output.dtype.isFloatingPoint {
                    output.storeReals(reals(register), start, length)
                } else {
                    output.storeIntegers(integers(register), start, length)
                }
            }
        }
    }

    private func reals(_ register: Int) -> UnsafeMutablePointer<Double> {
        registers[register].assumingMemoryBound(to: Double.self)
    }

    private func integers(_ register: Int) -> UnsafeMutablePointer<Int64> {
        registers[register].assumingMemoryBound(to: Int64.self)
    }

    /// A constant in the whole tile, as ``Fill`` would store it.
    private func fill(_ register: Int, _ value: Double, _ dtype: DType) {
        if dtype.isFloatingPoint {
            reals(register).update(repeating: dtype == .float32 ? Double(Float(value)) : value, count: Self.tile)
        } else {
            let integer = dtype == .bool ? (value != 0 ? 1 : 0) : Int64(truncating: value)
            integers(register).update(repeating: integer, count: Self.tile)
            narrow(register, dtype, Self.tile)
        }
    }

    private func apply(
        _ function: PointwiseFunction, _ instruction: FusedPointwise.Instruction, _ result: Int, _ length: Int
    ) throws {
        let operands = instruction.operands
        let dtype = program.dtype(of: operands[operands.count - 1])
        if function == .select {
            select(operands, isReal: dtype.isFloatingPoint, result, length)
        } else if dtype.isFloatingPoint, function.isPredicate {
            let (inputs, truth) = (operands.map(reals), integers(result))
            let isKnown =
                inputs.count == 3
                ? RealFunctions.apply(function, inputs[0], inputs[1], inputs[2], truth: truth, length)
                : RealFunctions.apply(function, inputs[0], inputs[inputs.count - 1], truth: truth, length)
            precondition(isKnown, "\(function): no kernel")
        } else if dtype.isFloatingPoint {
            let (inputs, y) = (operands.map(reals), reals(result))
            let isKnown =
                switch inputs.count {
                case 1: RealFunctions.apply(function, inputs[0], y, length)
                case 2: RealFunctions.apply(function, inputs[0], inputs[1], y, length)
                default: RealFunctions.apply(function, inputs[0], inputs[1], inputs[2], y, length)
                }
            precondition(isKnown, "\(function): no kernel")
        } else {
            let (a, b) = (integers(operands[0]), integers(operands[operands.count - 1]))
            let isKnown =
                operands.count == 1 && !function.isPredicate
                ? IntegerFunctions.apply(function, a, integers(result), length)
                : try IntegerFunctions.apply(function, a, b, integers(result), length)
            precondition(isKnown, "\(function): no kernel")
        }
        let computedReal = dtype.isFloatingPoint && !function.isPredicate
        convert(result, isReal: computedReal, to: instruction.dtype, length)
    }

    private func select(_ operands: [Int], isReal: Bool, _ result: Int, _ length: Int) {
        // Bits are chosen, of either kind. The condition is 0 in both kinds where it is false, but for −0.
        let isRealCondition = program.dtype(of: operands[0]).isFloatingPoint
        let (a, b, y) = (integers(operands[1]), integers(operands[2]), integers(result))
        for index in 0..<length {
            let isTrue = isRealCondition ? reals(operands[0])[index] != 0 : integers(operands[0])[index] != 0
            y[index] = isTrue ? a[index] : b[index]
        }
    }

    /// Brings a tile to the type of its register.
    private func convert(_ register: Int, isReal: Bool, to dtype: DType, _ length: Int) {
        let (real, integer) = (reals(register), integers(register))
        switch (isReal, dtype) {
        case (true, .float64): break
        case (true, .float32): for index in 0..<length { real[index] = Double(Float(real[index])) }
        case (true, .bool): for index in 0..<length { integer[index] = real[index] != 0 ? 1 : 0 }
        case (true, .int64), (true, .uint8):
            for index in 0..<length { integer[index] = Int64(truncating: real[index]) }
            narrow(register, dtype, length)
        case (false, .float64): for index in 0..<length { real[index] = Double(integer[index]) }
        // Rounded once, from the integer.
        case (false, .float32): for index in 0..<length { real[index] = Double(Float(integer[index])) }
        case (false, .int64), (false, .uint8), (false, .bool): narrow(register, dtype, length)
        }
    }

    /// Keeps what an integer type can hold.
    private func narrow(_ register: Int, _ dtype: DType, _ length: Int) {
        let integer = integers(register)
        switch dtype {
        case .uint8: for index in 0..<length { integer[index] &= 0xFF }
        case .bool: for index in 0..<length { integer[index] = integer[index] != 0 ? 1 : 0 }
        default: break
        }
    }
}

/// Reads the elements of an input that stretches to a shape, tile by tile.
private struct TileReader {
    private let input: ArrayView
    private let sizes: [Int]
    /// The distance in the input for each dimension of the shape: 0 where it stretches.
    private let strides: [Int]
    private let isWhole: Bool
    private let isScalar: Bool

    init(_ input: ArrayView, _ shape: Shape) {
        self.input = input
        sizes = shape.dimensions
        isWhole = input.count == shape.elementCount
        isScalar = input.count == 1
        let own = input.shape.rowMajorStrides
        let lead = shape.rank - input.shape.rank
        strides = (0..<shape.rank).map { dimension in
            dimension < lead || input.sizes[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
    }

    func read(_ start: Int, _ length: Int, into register: UnsafeMutableRawPointer) {
        if isWhole { return load(start, length, register, 0) }
        if isScalar {
            load(0, 1, register, 0)
            let bits = register.assumingMemoryBound(to: UInt64.self)
            return (bits + 1).update(repeating: bits[0], count: length - 1)
        }
        var position = WindowRuns.position(start, in: sizes)
        var offset = zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }
        for index in 0..<length {
            load(offset, 1, register, index)
            var dimension = sizes.count - 1
            while dimension >= 0 {
                position[dimension] += 1
                offset += strides[dimension]
                if position[dimension] < sizes[dimension] { break }
                offset -= strides[dimension] * sizes[dimension]
                position[dimension] = 0
                dimension -= 1
            }
        }
    }

    private func load(_ start: Int, _ length: Int, _ register: UnsafeMutableRawPointer, _ index: Int) {
        if input.dtype.isFloatingPoint {
            input.loadReals(start, length, into: register.assumingMemoryBound(to: Double.self) + index)
        } else {
            input.loadIntegers(start, length, into: register.assumingMemoryBound(to: Int64.self) + index)
        }
    }
}
