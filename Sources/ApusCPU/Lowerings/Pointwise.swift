import ApusGraph
import ApusPlan
import CKernels

extension FusedPointwise: CPULowerable {
    /// Where all operands have the result's shape or one element, any dense layout does: the first one that is not
    /// plain is carried on. Everything else is row-major.
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        // A program without a kernel runs on another backend, which knows the plain layout only.
        guard PointwiseProgram(self) != nil else { return nil }
        let all = StepLayouts.plain(step)
        guard shapes.count == 1, let shape = shapes.first,
            let special = step.inputs.first(where: { $0.spec.shape == shape && $0.layout != .plain })?.layout,
            step.inputs.allSatisfy({ $0.spec.shape == shape || $0.spec.shape.elementCount == 1 })
        else { return all }
        // These layouts describe float32 only: their conversions know no other type.
        let full = step.inputs.filter { $0.spec.shape == shape } + step.outputs
        guard full.allSatisfy({ $0.spec.dtype == .float32 }) else { return all }
        if !special.isLanes {
            // Padding must stay zero.
            guard let descriptor = special.oneDNN, !descriptor.hasPadding else { return all }
        }
        return StepLayouts(
            inputs: step.inputs.map { $0.spec.shape == shape ? special : .plain },
            outputs: step.outputs.map { _ in special })
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let program = PointwiseProgram(self) else { return nil }
        var parts: [PointwisePart] = []
        for (index, shape) in shapes.enumerated() {
            let inputs = step.inputs[(index * inputsPerPart)..<((index + 1) * inputsPerPart)]
            let outputs = step.outputs[(index * results.count)..<((index + 1) * results.count)]
            guard let part = PointwisePart(shape, inputs: Array(inputs), outputs: Array(outputs)) else { return nil }
            parts.append(part)
        }
        let kernel = PointwiseKernel(program, parts, inputsPerPart: inputsPerPart, outputsPerPart: results.count)
        return PreparedStep(
            kernel: "pointwise", scratchBytes: kernel.scratchPerThread * CPUInfo.threadCount,
            run: { operands, scratch in kernel.run(operands, scratch) })
    }
}

/// A program in the interpreter's form.
private struct PointwiseProgram {
    var instructions: [ApusPointwiseInstruction] = []
    var outputRegisters: [UInt16] = []
    var registerCount: Int

    /// nil where the interpreter lacks a function or a type.
    init?(_ fused: FusedPointwise) {
        let inputCount = fused.inputTypes.count
        guard !fused.inputTypes.contains(.float64) else { return nil }
        var lastUse = [Int](repeating: -1, count: inputCount + fused.instructions.count)
        for (index, instruction) in fused.instructions.enumerated() {
            for operand in instruction.operands { lastUse[operand] = index }
        }
        for result in fused.results { lastUse[result] = fused.instructions.count }
        var registers = Array(0..<inputCount)
        var free: [Int] = []
        registerCount = inputCount
        for (index, instruction) in fused.instructions.enumerated() {
            let operands = instruction.operands.map { registers[$0] }
            // A destination never coincides with an operand of its own instruction.
            let destination = free.popLast() ?? registerCount
            registerCount = max(registerCount, destination + 1)
            registers.append(destination)
            guard registerCount < Int(APUS_POINTWISE_MAX_REGISTERS),
                append(instruction, operands, destination, fused)
            else { return nil }
            if lastUse[inputCount + index] < 0 { free.append(destination) }
            for operand in Set(instruction.operands) where operand >= inputCount && lastUse[operand] == index {
                free.append(registers[operand])
            }
        }
        outputRegisters = fused.results.map { UInt16(registers[$0]) }
    }

    private mutating func append(
        _ instruction: FusedPointwise.Instruction, _ operands: [Int], _ destination: Int, _ fused: FusedPointwise
    ) -> Bool {
        func emit(_ op: ApusPointwiseOp, _ operands: [Int], to target: Int? = nil, immediate: Float = 0) {
            func register(_ index: Int) -> UInt16 { index < operands.count ? UInt16(operands[index]) : 0 }
            instructions.append(
                ApusPointwiseInstruction(
                    op: UInt16(op.rawValue), destination: UInt16(target ?? destination), a: register(0), b: register(1),
                    c: register(2), immediate: immediate))
        }
        switch instruction.operation {
        case .constant(let value):
            guard instruction.dtype == .float32 || instruction.dtype == .bool else { return false }
            emit(ApusPointwiseConstant, [], immediate: Float(value))
        case .function(.cast):
            let source = fused.dtype(of: instruction.operands[0])
            switch instruction.dtype {
            case .float32: emit(ApusPointwiseCopy, operands)
            case .bool:
                emit(ApusPointwiseLogicalNot, operands)
                emit(ApusPointwiseLogicalNot, [destination])
            // The interpreter's registers hold float32, which does not hold every int64.
            case .uint8, .int64:
                guard source == .float32 || source == .bool else { return false }
                emit(ApusPointwiseTruncate, operands)
                let (factor, multiple) = (registerCount, registerCount + 1)
                registerCount += 2
                guard registerCount < Int(APUS_POINTWISE_MAX_REGISTERS) else { return false }
                // What does not fit, NaN too, is −2⁶³, as in PyTorch: where −2⁶³ ≤ t < 2⁶³ does not hold.
                emit(ApusPointwiseAbsolute, [destination], to: multiple)
                emit(ApusPointwiseConstant, [], to: factor, immediate: 0x1p63)
                emit(ApusPointwiseLess, [multiple, factor], to: multiple)
                emit(ApusPointwiseConstant, [], to: factor, immediate: -0x1p63)
                emit(ApusPointwiseWhere, [multiple, destination, factor])
                guard instruction.dtype == .uint8 else { break }
                // t − 256 · ⌊t / 256⌋: what a byte holds, since later instructions read the register, not the byte.
                emit(ApusPointwiseConstant, [], to: factor, immediate: 1 / 256)
                emit(ApusPointwiseMultiply, [destination, factor], to: multiple)
                emit(ApusPointwiseFloor, [multiple], to: multiple)
                emit(ApusPointwiseConstant, [], to: factor, immediate: -256)
                emit(ApusPointwiseMultiplyAdd, [multiple, factor, destination])
            case .float64: return false
            }
        case .function(let function):
            let types = instruction.operands.map { fused.dtype(of: $0) } + [instruction.dtype]
            guard types.allSatisfy({ $0 == .float32 || $0 == .bool }), let op = function.interpreterOp else {
                return false
            }
            emit(op, operands)
        }
        return true
    }
}

/// One shape of a sweep: its operands without their memory.
private struct PointwisePart {
    let count: Int
    let shape: [Int64]
    let inputs: [ApusPointwiseOperand]
    let outputs: [ApusPointwiseOperand]
    /// The memory of all operands together.
    let byteCount: Int

    /// nil where the operands have more dimensions than the interpreter after joining those that can be.
    init?(_ shape: Shape, inputs: [PlannedValue], outputs: [PlannedValue]) {
        // In lanes a group is computed whole, with what stands for no image.
        let areLanes = (inputs + outputs).contains(where: \.layout.isLanes)
        count = areLanes ? PhysicalLayout.lanesElementCount(shape) : shape.elementCount
        byteCount = (inputs + outputs).reduce(0) { $0 + $1.spec.byteCount }
        func type(_ value: PlannedValue) -> Int32 {
            switch value.spec.dtype {
            case .float32, .float64: Int32(ApusFloat32.rawValue)
            case .uint8: Int32(ApusUInt8.rawValue)
            case .int64: Int32(ApusInt64.rawValue)
            case .bool: Int32(ApusBool.rawValue)
            }
        }
        func operand(_ value: PlannedValue, _ kind: ApusOperandKind) -> ApusPointwiseOperand {
            var operand = ApusPointwiseOperand()
            operand.dtype = type(value)
            operand.kind = Int32(kind.rawValue)
            return operand
        }
        var sizes = shape.dimensions
        var strides: [Int: [Int]] = [:]
        var kinds: [ApusOperandKind] = []
        for (index, input) in inputs.enumerated() {
            if input.spec.shape == shape {
                kinds.append(ApusOperandContiguous)
            } else if input.spec.shape.elementCount == 1 {
                kinds.append(ApusOperandScalar)
            } else {
                kinds.append(ApusOperandStrided)
                strides[index] = Self.broadcastStrides(input.spec.shape, to: shape)
            }
        }
        if !strides.isEmpty { Self.joinDimensions(&sizes, &strides) }
        guard strides.isEmpty || sizes.count <= Int(APUS_MAX_RANK) else { return nil }
        self.shape = strides.isEmpty ? [] : sizes.map(Int64.init)
        self.inputs = inputs.enumerated().map { index, input in
            var result = operand(input, kinds[index])
            if let strides = strides[index] {
                withUnsafeMutableBytes(of: &result.strides) { bytes in
                    let target = bytes.bindMemory(to: Int64.self)
                    for (dimension, stride) in strides.enumerated() { target[dimension] = Int64(stride) }
                }
            }
            return result
        }
        self.outputs = outputs.map { operand($0, ApusOperandContiguous) }
    }

    private static func broadcastStrides(_ shape: Shape, to target: Shape) -> [Int] {
        let own = shape.rowMajorStrides
        let lead = target.rank - shape.rank
        return (0..<target.rank).map { dimension in
            dimension < lead || shape.dimensions[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
    }

    /// Drops sizes of 1, and joins neighbours along which every operand moves on evenly.
    private static func joinDimensions(_ sizes: inout [Int], _ strides: inout [Int: [Int]]) {
        func remove(_ dimension: Int) {
            sizes.remove(at: dimension)
            for key in strides.keys { strides[key]?.remove(at: dimension) }
        }
        for dimension in sizes.indices.reversed() where sizes[dimension] == 1 && sizes.count > 1 { remove(dimension) }
        for dimension in stride(from: sizes.count - 2, through: 0, by: -1) {
            let isEven = strides.values.allSatisfy { $0[dimension] == $0[dimension + 1] * sizes[dimension + 1] }
            guard isEven else { continue }
            sizes[dimension + 1] *= sizes[dimension]
            remove(dimension)
        }
    }
}

/// A program over its parts, whose elements are split evenly among the threads.
final class PointwiseKernel: @unchecked Sendable {
    private struct Task {
        let part: Int
        let range: Range<Int>
    }

    let scratchPerThread: Int
    private let program: PointwiseProgram
    private let parts: [PointwisePart]
    /// The number of each part's first element, counted through all parts, and behind the last.
    private let starts: [Int]
    // Rewritten with the operands' addresses at each run; plans run on one thread.
    private var inputs: [ApusPointwiseOperand]
    private var outputs: [ApusPointwiseOperand]
    private let inputsPerPart: Int
    private let outputsPerPart: Int
    /// A result that goes elsewhere than to an operand; -1 where there is none.
    private var redirected = -1

    /// Whether results go past the caches: they and what they are made of do not fit there, so that storing them the
    /// usual way would read their memory first, and drive out what could have stayed.
    private var streams: Bool

    fileprivate init(_ program: PointwiseProgram, _ parts: [PointwisePart], inputsPerPart: Int, outputsPerPart: Int) {
        self.program = program
        self.parts = parts
        self.inputsPerPart = inputsPerPart
        self.outputsPerPart = outputsPerPart
        let bytes = apus_pointwise_scratch_bytes(Int32(program.registerCount))
        scratchPerThread = (Int(bytes) + 63) / 64 * 64
        starts = parts.reduce(into: [0]) { starts, part in starts.append(starts[starts.count - 1] + part.count) }
        inputs = parts.flatMap(\.inputs)
        outputs = parts.flatMap(\.outputs)
        streams = parts.reduce(0) { $0 + $1.byteCount } > CPUInfo.lastCacheBytes
    }

    /// A program of one shape whose result `redirected` has no memory of its own, or nil where the interpreter lacks
    /// something; the other results are `outputs`.
    convenience init?(
        _ fused: FusedPointwise, _ inputs: [PlannedValue], _ outputs: ArraySlice<PlannedValue>, redirected: Int
    ) {
        guard let program = PointwiseProgram(fused) else { return nil }
        let shape = fused.shapes[0]
        var results = Array(outputs)
        let dtype = fused.dtype(of: fused.results[redirected])
        results.insert(PlannedValue(TensorSpec(shape, dtype, .cpu)), at: redirected)
        guard let part = PointwisePart(shape, inputs: inputs, outputs: results) else { return nil }
        self.init(program, [part], inputsPerPart: inputs.count, outputsPerPart: results.count)
        self.redirected = redirected
        // What is redirected is read again at once.
        streams = false
    }

    /// Takes the operands' memory: inputs, then results without a redirected one.
    func bind(_ operands: Operands) {
        for index in inputs.indices { inputs[index].data = operands[index] }
        var next = inputs.count
        for index in outputs.indices where index != redirected {
            outputs[index].data = operands[next]
            next += 1
        }
    }

    /// Computes a range of the positions, and stores the redirected result's in `target` from its beginning on.
    func run(
        _ range: Range<Int>, to target: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
    ) {
        withUnsafeTemporaryAllocation(of: ApusPointwiseOperand.self, capacity: outputs.count) { own in
            _ = own.initialize(from: outputs)
            // The kernel adds the position: the pointer is where position 0 would lie.
            let bytes = range.lowerBound * MemoryLayout<Float>.stride
            own[redirected].data = UnsafeMutableRawPointer(bitPattern: Int(bitPattern: target) - bytes)
            inputs.withUnsafeBufferPointer { inputs in
                run(Task(part: 0, range: range), inputs, UnsafeBufferPointer(own), scratch)
            }
        }
    }

    func run(_ operands: Operands, _ scratch: UnsafeMutableRawPointer) {
        bind(operands)
        inputs.withUnsafeBufferPointer { inputs in
            outputs.withUnsafeBufferPointer { outputs in
                // One call a thread for each part: what a call learns of the program is learnt once.
                Parallel.ranges(starts[parts.count], grain: Parallel.smallWork) { range, thread in
                    for part in parts.indices where starts[part] < range.upperBound {
                        let own = range.clamped(to: starts[part]..<starts[part + 1])
                        if own.isEmpty { continue }
                        let first = starts[part]
                        let task = Task(part: part, range: own.lowerBound - first..<own.upperBound - first)
                        run(task, inputs, outputs, scratch + thread * scratchPerThread)
                    }
                }
            }
        }
    }

    private func run(
        _ task: Task, _ inputs: UnsafeBufferPointer<ApusPointwiseOperand>,
        _ outputs: UnsafeBufferPointer<ApusPointwiseOperand>, _ scratch: UnsafeMutableRawPointer
    ) {
        let part = parts[task.part]
        let firstInput = inputs.baseAddress.map { $0 + task.part * inputsPerPart }
        let firstOutput = outputs.baseAddress.map { $0 + task.part * outputsPerPart }
        program.instructions.withUnsafeBufferPointer { instructions in
            program.outputRegisters.withUnsafeBufferPointer { registers in
                part.shape.withUnsafeBufferPointer { shape in
                    apus_pointwise(
                        instructions.baseAddress, Int32(instructions.count), firstInput, Int32(inputsPerPart),
                        firstOutput, registers.baseAddress, Int32(outputsPerPart), Int32(shape.count),
                        shape.baseAddress, Int64(task.range.lowerBound), Int64(task.range.upperBound),
                        streams ? 1 : 0, scratch.floats)
                }
            }
        }
    }
}
