import ApusGraph

/// A chain of elementwise functions in one loop, over one or more shapes.
///
/// The program is applied to each of ``shapes`` by itself: an optimizer's update of all parameters is one sweep. Its
/// inputs are those of the first part, then those of the second, and so are its results. Each input broadcasts to
/// its part's shape.
public struct FusedPointwise: Primitive, ReusesInputs {
    public static let name = "pointwise"

    /// One function; its result is the register after those of the inputs and of earlier instructions.
    public struct Instruction: Sendable, Hashable {
        public enum Operation: Sendable, Hashable {
            case function(PointwiseFunction)
            case constant(Double)

            /// Constants by their bits: −0 is another number than 0, and NaN the same as itself.
            public static func == (left: Operation, right: Operation) -> Bool {
                switch (left, right) {
                case (.function(let left), .function(let right)): left == right
                case (.constant(let left), .constant(let right)): left.bitPattern == right.bitPattern
                default: false
                }
            }

            public func hash(into hasher: inout Hasher) {
                switch self {
                case .function(let function): hasher.combine(function)
                case .constant(let value): hasher.combine(value.bitPattern)
                }
            }
        }

        public var operation: Operation
        /// The registers it reads.
        public var operands: [Int]
        public var dtype: DType

        public init(_ operation: Operation, operands: [Int], dtype: DType) {
            self.operation = operation
            self.operands = operands
            self.dtype = dtype
        }
    }

    /// What is done to each element, which the updates of many parameters share.
    ///
    /// Its hash is made once, and a program is equal to itself without a look at its instructions.
    public final class Program: Hashable, Sendable {
        /// The types of one part's inputs, which are the first registers.
        public let inputTypes: [DType]
        /// In the order in which they run.
        public let instructions: [Instruction]
        /// The registers that are results.
        public let results: [Int]
        private let hash: Int

        /// A program of these instructions.
        public init(inputTypes: [DType], instructions: [Instruction], results: [Int]) {
            (self.inputTypes, self.instructions, self.results) = (inputTypes, instructions, results)
            var hasher = Hasher()
            hasher.combine(inputTypes)
            hasher.combine(instructions)
            hasher.combine(results)
            hash = hasher.finalize()
        }

        public static func == (left: Program, right: Program) -> Bool {
            left === right
                || left.hash == right.hash && left.inputTypes == right.inputTypes && left.results == right.results
                    && left.instructions == right.instructions
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    /// What is done to each element.
    public let program: Program
    /// The shape of each part's results.
    public var shapes: [Shape]

    /// The program for parts of these shapes.
    public init(_ program: Program, shapes: [Shape]) { (self.program, self.shapes) = (program, shapes) }

    public init(inputTypes: [DType], instructions: [Instruction], results: [Int], shapes: [Shape]) {
        self.init(Program(inputTypes: inputTypes, instructions: instructions, results: results), shapes: shapes)
    }

    /// The types of one part's inputs, which are the first registers.
    public var inputTypes: [DType] { program.inputTypes }
    public var instructions: [Instruction] { program.instructions }
    /// The registers that are results.
    public var results: [Int] { program.results }

    public var name: String {
        let functions = instructions.map { instruction in
            switch instruction.operation {
            case .function(let function): function.rawValue
            case .constant: "constant"
            }
        }
        let parts = shapes.count > 1 ? "×\(shapes.count)" : ""
        return "pointwise\(parts)<\(functions.joined(separator: " "))>"
    }

    public var inputsPerPart: Int { inputTypes.count }

    /// The type of a register.
    public func dtype(of register: Int) -> DType {
        register < inputTypes.count ? inputTypes[register] : instructions[register - inputTypes.count].dtype
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let device = inputs.first?.device ?? .cpu
        // One part, as it is recorded for each parameter in each step.
        if shapes.count == 1 { return results.map { TensorSpec(shapes[0], dtype(of: $0), device) } }
        return shapes.flatMap { shape in results.map { TensorSpec(shape, dtype(of: $0), device) } }
    }

    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] {
        let part = output / results.count
        let dtype = dtype(of: results[output % results.count])
        return (part * inputsPerPart..<(part + 1) * inputsPerPart).filter {
            inputs[$0].shape == shapes[part] && inputs[$0].dtype == dtype
        }
    }
}
