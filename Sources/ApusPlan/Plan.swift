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

        public init(
            _ prepared: PreparedStep, _ primitive: any Primitive, modulePath: ModulePath?, firstOperand: Int,
            operandCount: Int
        ) {
            self.prepared = prepared
            self.primitive = primitive
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
    public var scratchBytes = 0

    public init() {}
}
