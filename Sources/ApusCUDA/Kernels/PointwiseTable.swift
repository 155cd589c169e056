import ApusPlan

/// One shape of a program with its operands, but for their addresses.
struct PointwisePart {
    let count: Int
    /// The part's operands among those of the step.
    let inputs: [Int]
    let outputs: [Int]
    /// For operands that are read or written four at a time, what their addresses are multiples of.
    let alignments: [(operand: Int, bytes: Int)]
    /// Sizes and strides of broadcast inputs, as the table has them.
    let dimensions: [Int]

    init(
        _ program: FusedPointwise, _ accesses: [PointwiseGenerator.Access], count: Int, inputs: [Int], outputs: [Int],
        dimensions: [Int] = []
    ) {
        self.count = count
        self.inputs = inputs
        self.outputs = outputs
        self.dimensions = dimensions
        let whole = accesses.indices.filter { accesses[$0] == .whole }.map { (inputs[$0], program.inputTypes[$0]) }
        let results = program.results.indices.map { (outputs[$0], program.dtype(of: program.results[$0])) }
        alignments = (whole + results).map { ($0, min(16, 4 * $1.byteCount)) }
    }

    var blocks: Int { (count + PointwiseGenerator.chunk - 1) / PointwiseGenerator.chunk }

    /// The part's place in a table, with its first block.
    func words(_ operands: Operands, firstBlock: Int) -> [Int] {
        func address(_ operand: Int) -> Int { Int(bitPattern: operands[operand]) }
        let isVector = alignments.allSatisfy { address($0.operand) % $0.bytes == 0 }
        var words = [count, 2 * firstBlock + (isVector ? 1 : 0)]
        words += inputs.isEmpty ? [0] : inputs.map(address)
        return words + outputs.map(address)
    }
}

/// One launch of a generated kernel, over as many parts as its parameters hold.
struct PointwiseTable {
    /// Kernels take 4,096 bytes of parameters; some are left for a fault.
    private static let words = 480

    let kernel: CUDAKernel
    let constants: [Int]
    let parts: [PointwisePart]
    let capacity: Int
    let faultCode: FaultCode?

    /// The parts that a table holds.
    static func capacity(_ generator: PointwiseGenerator) -> Int {
        let part = 2 + max(generator.accesses.count, 1) + generator.program.results.count
        return max(1, (words - 1 - max(generator.constants.count, 1)) / part)
    }

    func launch(on device: CUDADevice, _ operands: Operands) throws {
        var words = [parts.count] + (constants.isEmpty ? [0] : constants) + (parts.first?.dimensions ?? [])
        var blocks = 0
        for part in parts {
            words += part.words(operands, firstBlock: blocks)
            blocks += part.blocks
        }
        guard blocks > 0, let first = parts.first else { return }
        let unused = (capacity - parts.count) * (2 + max(first.inputs.count, 1) + first.outputs.count)
        words += [Int](repeating: 0, count: unused)
        try kernel.launch(
            on: device, grid: (blocks, 1, 1), block: (PointwiseGenerator.threads, 1, 1), sharedBytes: 0,
            [.words(words)] + (faultCode.map { [.fault($0)] } ?? []))
    }
}
