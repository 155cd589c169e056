import Synchronization

/// One recorded step of the way back from a loss to its leaves.
public final class GradientNode: Sendable {
    /// PyTorch's name of the step, such as `ConvolutionBackward0`.
    public let name: String
    /// Grows with every recorded step: inputs have smaller numbers than what is made of them.
    let sequence: Int
    let inputSpecs: [TensorSpec]
    let outputSpecs: [TensorSpec]

    private let kind: Kind
    private let state: Mutex<State>

    private enum Kind: Sendable {
        case operation(any Primitive)
        case accumulator(Leaf)
    }

    private struct State: Sendable {
        var edges: [GradientEdge?]
        var saved: Saved?
    }

    /// What the gradient reads, by position; the rest is nil.
    struct Saved: Sendable {
        var inputs: [Tensor?]
        var outputs: [Tensor?]
    }

    private static let counter = Atomic<Int>(0)

    init(_ primitive: any Primitive, name: String, inputs: [Tensor], results: Node) {
        self.name = name
        sequence = Self.counter.add(1, ordering: .relaxed).newValue
        inputSpecs = inputs.map(\.spec)
        outputSpecs = results.outputs
        kind = .operation(primitive)
        let reads = primitive.gradientReads
        var saved = Saved(
            inputs: [Tensor?](repeating: nil, count: inputs.count),
            outputs: [Tensor?](repeating: nil, count: results.outputs.count))
        for index in reads.inputs where index < inputs.count { saved.inputs[index] = inputs[index] }
        // Results are kept without their edge, which would be a reference cycle.
        for index in reads.outputs { saved.outputs[index] = Tensor(TensorHandle(Value(results, index))) }
        state = Mutex(State(edges: inputs.map { $0.handle.edge }, saved: saved))
    }

    init(accumulatingInto leaf: Leaf) {
        name = "AccumulateGrad"
        sequence = Self.counter.add(1, ordering: .relaxed).newValue
        inputSpecs = []
        outputSpecs = []
        kind = .accumulator(leaf)
        state = Mutex(State(edges: [], saved: nil))
    }

    // A long chain must not release itself by recursion.
    deinit {
        var chain = takeReferences()
        while var next = chain.popLast() {
            if isKnownUniquelyReferenced(&next) { chain += next.takeReferences() }
        }
    }

    private func takeReferences() -> [GradientNode] {
        state.withLock { state in
            var nodes = state.edges.compactMap { $0?.node }
            for tensor in state.saved?.inputs ?? [] {
                if let node = tensor?.handle.edge?.node { nodes.append(node) }
            }
            state.edges = []
            state.saved = nil
            return nodes
        }
    }

    var isAccumulator: Bool { leaf != nil }

    var leaf: Leaf? { if case .accumulator(let leaf) = kind { leaf } else { nil } }

    var edges: [GradientEdge?] { state.withLock { $0.edges } }

    /// The gradients of the inputs that lead on, for the given gradients of the results.
    ///
    /// Without `retain` the kept tensors are released: a second walk through this node is an error.
    func gradients(_ cotangents: [Tensor?], retain: Bool) throws(TensorError) -> [Tensor?] {
        guard case .operation(let primitive) = kind else { return [] }
        let (edges, saved) = state.withLock { state in
            let found = (state.edges, state.saved)
            if !retain { state.saved = nil }
            return found
        }
        guard var saved else {
            throw TensorError(
                "backward",
                "the graph at \(name) was already walked and its values released. Call backward(retainGraph: true) "
                    + "the first time to walk it twice.")
        }
        if GradientMode.isEnabled {
            for index in saved.outputs.indices {
                guard let output = saved.outputs[index], output.dtype.isFloatingPoint else { continue }
                saved.outputs[index] = Tensor(TensorHandle(output.value, edge: GradientEdge(self, index)))
            }
        }
        let context = GradientContext(
            inputSpecs: inputSpecs, outputSpecs: outputSpecs, saved: saved, cotangents: cotangents,
            needs: edges.map { $0 != nil })
        return primitive.gradient(context)
    }
}

/// A result of a recorded step.
public struct GradientEdge: Sendable {
    let node: GradientNode
    let output: Int

    init(_ node: GradientNode, _ output: Int) {
        self.node = node
        self.output = output
    }
}

/// What a primitive's gradient can ask for.
public struct GradientContext: Sendable {
    let inputSpecs: [TensorSpec]
    let outputSpecs: [TensorSpec]
    let saved: GradientNode.Saved
    let cotangents: [Tensor?]
    let needs: [Bool]

    public var inputCount: Int { inputSpecs.count }

    /// Shape and type of an input; always known.
    public func inputSpec(_ index: Int) -> TensorSpec { inputSpecs[index] }
    public func outputSpec(_ index: Int = 0) -> TensorSpec { outputSpecs[index] }

    /// Whether the gradient of an input is asked for.
    public func needs(_ index: Int) -> Bool { index < needs.count && needs[index] }

    /// An input, if ``Primitive/gradientReads`` names it.
    public func input(_ index: Int) -> Tensor {
        guard let tensor = saved.inputs[index] else {
            preconditionFailure("input \(index) is read by a gradient that does not name it in gradientReads")
        }
        return tensor
    }

    /// A result, if ``Primitive/gradientReads`` names it.
    public func output(_ index: Int = 0) -> Tensor {
        guard let tensor = saved.outputs[index] else {
            preconditionFailure("output \(index) is read by a gradient that does not name it in gradientReads")
        }
        return tensor
    }

    /// The gradient of the loss by a result: zeros where nothing led there.
    public func cotangent(_ index: Int = 0) -> Tensor {
        cotangents[index] ?? .zeros(like: outputSpecs[index])
    }

    /// Whether anything led to a result.
    public func hasCotangent(_ index: Int) -> Bool { cotangents[index] != nil }
}
