import ApusGraph

/// A computation that is ready to run: prepared steps, and where each of their operands lies.
public struct Plan: Sendable {
    /// Where an operand lies.
    public enum BufferSlot: Sendable, Hashable {
        /// In the memory of an input, by its position.
        case input(Int)
        /// In the memory of a result, by its position in ``results``.
        case result(Int)
        /// In the plan's own memory, at a byte offset.
        case arena(Int)
        /// In memory that keeps what the plan's first steps computed, at a byte offset.
        case constant(Int)
    }

    /// Where a result's memory comes from.
    public enum ResultStorage: Sendable, Hashable {
        /// New memory of that many bytes.
        case fresh(Int)
        /// Memory of an input that it was written over, or that it is.
        case input(Int)
    }

    public struct Step: Sendable {
        public let prepared: PreparedStep
        public let primitive: any Primitive
        public let modulePath: ModulePath?
        /// The position of the first operand in ``operands``; there are `operandCount` of them.
        public let firstOperand: Int
        public let operandCount: Int
        /// The positions of its operands.
        public var operands: Range<Int> { firstOperand..<(firstOperand + operandCount) }
        /// What it reads and writes, for profiles.
        public let inputs: [PlannedValue]
        public let outputs: [PlannedValue]

        public init(
            _ prepared: PreparedStep, _ description: StepDescription, modulePath: ModulePath?, firstOperand: Int,
            operandCount: Int
        ) {
            self.prepared = prepared
            primitive = description.primitive
            inputs = description.inputs
            outputs = description.outputs
            self.modulePath = modulePath
            self.firstOperand = firstOperand
            self.operandCount = operandCount
        }
    }

    public var steps: [Step] = []
    /// The operands of all steps, one after the other.
    public var operands: [BufferSlot] = []
    public var results: [ResultStorage] = []
    /// For each output of the graph, the position of its memory in ``results``.
    public var outputs: [Int] = []
    /// The steps that write over an input, in order.
    public var overwrites: [(step: Int, input: Int)] = []
    public var arenaBytes = 0
    public var constantBytes = 0
    /// The number of first steps that need not run again while the inputs that they read are the same.
    public var constantSteps = 0
    public var scratchBytes = 0

    public init() {}
}
