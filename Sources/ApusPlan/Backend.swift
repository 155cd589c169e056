import ApusGraph

/// One step, as a backend sees it.
public struct StepDescription: Sendable {
    public let primitive: any Primitive
    public var inputs: [PlannedValue]
    public var outputs: [PlannedValue]
    /// For each result, whether it outlives the plan, and the primitives that read it; empty when nobody does.
    public let uses: [ResultUse]

    public struct ResultUse: Sendable {
        public var outlivesPlan: Bool
        public var readers: [any Primitive]

        public init(outlivesPlan: Bool, readers: [any Primitive]) {
            self.outlivesPlan = outlivesPlan
            self.readers = readers
        }

        public var isUsed: Bool { outlivesPlan || !readers.isEmpty }
    }

    public init(_ primitive: any Primitive, inputs: [PlannedValue], outputs: [PlannedValue], uses: [ResultUse]) {
        self.primitive = primitive
        self.inputs = inputs
        self.outputs = outputs
        self.uses = uses
    }
}

/// The layouts in which a step reads its inputs and writes its results.
public struct StepLayouts: Sendable {
    public var inputs: [PhysicalLayout]
    public var outputs: [PhysicalLayout]

    public init(inputs: [PhysicalLayout], outputs: [PhysicalLayout]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// All row-major.
    public static func plain(_ step: StepDescription) -> StepLayouts {
        StepLayouts(
            inputs: step.inputs.map { _ in .plain }, outputs: step.outputs.map { _ in .plain })
    }
}

/// The memory of a step's inputs, then of its results.
public typealias Operands = UnsafeBufferPointer<UnsafeMutableRawPointer>

/// A step that is ready to run any number of times.
public struct PreparedStep: Sendable {
    /// What runs, for traces: `jit:avx512_core`, `lanes`, `reference`.
    public let kernel: String
    /// Working memory that the step needs while it runs; all steps of a plan share it.
    public let scratchBytes: Int
    /// Computes the results; throws on values that cannot be computed with, such as a class label out of range.
    public let run: @Sendable (Operands, UnsafeMutableRawPointer) throws -> Void

    public init(
        kernel: String, scratchBytes: Int = 0,
        run: @escaping @Sendable (Operands, UnsafeMutableRawPointer) throws -> Void
    ) {
        self.kernel = kernel
        self.scratchBytes = scratchBytes
        self.run = run
    }
}

/// Computes steps on one kind of device.
///
/// Both questions are asked while a plan is made; only ``PreparedStep/run`` is called when it runs.
public protocol Backend: Sendable {
    /// The name in traces.
    var name: String { get }

    /// Whether a fused step, which a pass would put in the place of several, is worth it here; no by default.
    func canFuse(_ step: StepDescription) -> Bool

    /// The layouts that suit a step whose inputs lie as described (the results' layouts there mean nothing yet), or nil
    /// where this backend has no kernel for it.
    func layouts(for step: StepDescription) throws -> StepLayouts?

    /// Makes a step ready, with the layouts that were chosen; nil where this backend has no kernel for it.
    func prepare(_ step: StepDescription) throws -> PreparedStep?
}

extension Backend {
    public func canFuse(_ step: StepDescription) -> Bool { false }
}

extension PlanGraph {
    /// A step of this graph, existing or planned, as a backend sees it.
    public func description(
        of primitive: any Primitive, inputs: [ValueID], outputs: [ValueID], consumers: [[Int]]
    ) -> StepDescription {
        let uses = outputs.map { output in
            StepDescription.ResultUse(
                outlivesPlan: self.outputs.contains(output), readers: consumers[output].map { steps[$0].primitive })
        }
        return StepDescription(
            primitive, inputs: inputs.map { values[$0] }, outputs: outputs.map { values[$0] }, uses: uses)
    }
}

/// Converts a tensor from one layout to another; inserted by the layout pass.
public struct Relayout: Primitive {
    public static let name = "relayout"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }
}

/// An operation that may write a result over one of its inputs.
public protocol ReusesInputs: Primitive {
    /// The inputs whose memory the result may take, when nobody else needs them; the sizes are equal.
    func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int]
}

/// An operation whose result is its first input under another name: no step runs, where the layout is plain.
public protocol AliasesInput: Primitive {}

extension Reshape: AliasesInput {}

extension GivenSlopes: AliasesInput {}

extension SliceAssign: ReusesInputs {
    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] { [0] }
}

extension RandomDropout: ReusesInputs {
    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] { [0] }
}

extension ChannelNormalization: ReusesInputs {
    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] { [0] }
}

extension Scatter: ReusesInputs {
    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] { [0] }
}

extension IndexAdd: ReusesInputs {
    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] { [0] }
}
