import Synchronization

/// One recorded step of the way back from a loss to its leaves.
public final class GradientNode: Sendable {
    /// A name of another operation, of which this one is a part.
    private let givenName: String?
    /// Grows with every recorded step: inputs have smaller numbers than what is made of them.
    let sequence: Int
    let inputSpecs: [TensorSpec]
    let outputSpecs: [TensorSpec]

    /// The operation; nil of a leaf.
    private let primitive: (any Primitive)?
    /// What gradients are added up in; nil of an operation.
    let leaf: Leaf?
    private let state: Mutex<State>

    private struct State: Sendable {
        var edges: [GradientEdge?]
        var saved: Saved?
    }

    /// What the gradient reads, by position; the rest is nil, and all where it reads nothing.
    struct Saved: Sendable {
        var inputs: [Tensor?]
        var outputs: [Tensor?]
    }

    private static let counter = Atomic<Int>(0)

    /// - Parameters:
    ///   - name: what stands for the primitive's own ``Primitive/gradientName``.
    ///   - inputSpecs: shapes and types of the inputs.
    init(_ primitive: any Primitive, name: String?, inputs: [Tensor], inputSpecs: [TensorSpec], results: Node) {
        givenName = name
        sequence = Self.counter.add(1, ordering: .relaxed).newValue
        self.inputSpecs = inputSpecs
        outputSpecs = results.outputs
        (self.primitive, leaf) = (primitive, nil)
        let reads = primitive.gradientReads
        // Empty arrays cost nothing. Results are kept without their edge, which would be a reference cycle.
        let saved = Saved(
            inputs: reads.readsNoInput ? [] : inputs.mapFew { reads.readsInput($0) ? $1 : nil },
            outputs: reads.readsNoOutput
                ? []
                : results.outputs.mapFew { output, _ in
                    reads.readsOutput(output) ? Tensor(TensorHandle(Value(results, output), from: nil)) : nil
                })
        state = Mutex(State(edges: inputs.mapFew { $1.handle.edge }, saved: saved))
    }

    init(accumulatingInto leaf: Leaf) {
        givenName = nil
        sequence = Self.counter.add(1, ordering: .relaxed).newValue
        inputSpecs = []
        outputSpecs = []
        (primitive, self.leaf) = (nil, leaf)
        state = Mutex(State(edges: [], saved: nil))
    }

    // A long chain must not release itself by recursion.
    deinit {
        // A leaf's step ends a chain.
        guard !isAccumulator else { return }
        var chain: [GradientNode] = []
        takeReferences(into: &chain)
        while var next = chain.popLast() {
            if isKnownUniquelyReferenced(&next) { next.takeReferences(into: &chain) }
        }
    }

    /// Moves the steps behind this one to the end of a list.
    private func takeReferences(into chain: inout [GradientNode]) {
        // What is kept is released outside of the lock.
        let taken = state.withLock { state in
            var taken = State(edges: [], saved: nil)
            swap(&state, &taken)
            return taken
        }
        for index in taken.edges.indices {
            if let node = taken.edges[index]?.node, !node.isAccumulator { chain.append(node) }
        }
        guard let saved = taken.saved else { return }
        for index in saved.inputs.indices {
            if let node = saved.inputs[index]?.handle.edge?.node, !node.isAccumulator { chain.append(node) }
        }
    }

    /// PyTorch's name of the step, such as `ConvolutionBackward0`. Made when it is asked for, not with each step.
    public var name: String {
        primitive.map { givenName ?? $0.gradientName } ?? "AccumulateGrad"
    }

    var isAccumulator: Bool { leaf != nil }

    var edges: [GradientEdge?] { state.withLock { $0.edges } }

    /// The gradients of the inputs that lead on, for the given gradients of the results.
    ///
    /// Without `retain` the kept tensors are released: a second walk through this node is an error.
    func gradients(_ cotangents: Cotangents, retain: Bool) throws(TensorError) -> [Tensor?] {
        guard let primitive else { return [] }
        let (edges, kept) = state.withLock { state in (state.edges, retain ? state.saved : state.saved.take()) }
        guard var saved = kept else {
            throw TensorError(
                "backward",
                "the graph at \(name) was already walked and its values released. Call backward(retainGraph: true) "
                    + "the first time to walk it twice.")
        }
        if !saved.outputs.isEmpty, GradientMode.isEnabled {
            for index in saved.outputs.indices {
                guard let output = saved.outputs[index], output.dtype.isFloatingPoint else { continue }
                saved.outputs[index] = Tensor(TensorHandle(output.value, edge: GradientEdge(self, index)))
            }
        }
        return primitive.gradient(GradientContext(step: self, saved: saved, cotangents: cotangents, edges: edges))
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

/// The gradients that have come to the results of a step, by position; nil where none has.
struct Cotangents: Sendable {
    /// That of the first result, which most steps have alone, so that no list is needed.
    var first: Tensor?
    var others: [Tensor?] = []

    subscript(output: Int) -> Tensor? { output == 0 ? first : others[output - 1] }
}

/// What a primitive's gradient can ask for.
public struct GradientContext: Sendable {
    let step: GradientNode
    let saved: GradientNode.Saved
    let cotangents: Cotangents
    let edges: [GradientEdge?]

    public var inputCount: Int { step.inputSpecs.count }

    /// Shape and type of an input; always known.
    public func inputSpec(_ index: Int) -> TensorSpec { step.inputSpecs[index] }
    public func outputSpec(_ index: Int = 0) -> TensorSpec { step.outputSpecs[index] }

    /// Whether the gradient of an input is asked for.
    public func needs(_ index: Int) -> Bool { index < edges.count && edges[index] != nil }

    /// An input, if ``Primitive/gradientReads`` names it.
    public func input(_ index: Int) -> Tensor {
        guard index < saved.inputs.count, let tensor = saved.inputs[index] else {
            preconditionFailure("input \(index) is read by a gradient that does not name it in gradientReads")
        }
        return tensor
    }

    /// A result, if ``Primitive/gradientReads`` names it.
    public func output(_ index: Int = 0) -> Tensor {
        guard index < saved.outputs.count, let tensor = saved.outputs[index] else {
            preconditionFailure("output \(index) is read by a gradient that does not name it in gradientReads")
        }
        return tensor
    }

    /// The gradient of the loss by a result: zeros where nothing led there.
    public func cotangent(_ index: Int = 0) -> Tensor {
        cotangents[index] ?? .zeros(like: outputSpec(index))
    }

    /// Whether anything led to a result.
    public func hasCotangent(_ index: Int) -> Bool { cotangents[index] != nil }
}
