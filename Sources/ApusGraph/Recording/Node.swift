import Synchronization

/// One recorded operation, or a tensor's finished elements.
///
/// A node is pending until the engine has computed those of its results that somebody holds. Then it lets go of its
/// inputs. Users see nodes through ``Tensor`` only, whose handles are counted here, so that the engine knows which
/// results must be written to memory of their own.
public final class Node: Sendable {
    /// Shapes and types of the results.
    public let outputs: [TensorSpec]
    /// The layer that recorded the operation.
    public let modulePath: ModulePath?

    /// What a node is made of.
    public enum Work: Sendable {
        case pending(any Primitive, [Value])
        /// The finished results; nil for one that nobody held.
        case evaluated([Storage?])
        /// Recorded after an error inside of ``withTensorErrors(_:)``.
        case poisoned
    }

    private struct State: Sendable {
        var work: Work
        /// Living handles of each result.
        var handles = SIMD4<Int32>.zero
        /// How often pending nodes name this one as an input.
        var consumers: Int32 = 0
        var mark = Mark()
    }

    /// Scratch space of one graph walk: valid where `walk` is the walk's own number.
    public struct Mark: Sendable {
        public var walk = 0
        public var index = 0
        public init(walk: Int = 0, index: Int = 0) {
            self.walk = walk
            self.index = index
        }
    }

    private let state: Mutex<State>

    init(_ primitive: any Primitive, _ inputs: [Value], outputs: [TensorSpec]) {
        self.outputs = outputs
        modulePath = ModulePath.current
        for input in inputs { input.node.state.withLock { $0.consumers += 1 } }
        state = Mutex(State(work: .pending(primitive, inputs)))
    }

    /// A node of finished elements.
    public init(_ storage: Storage, _ spec: TensorSpec) {
        outputs = [spec]
        modulePath = nil
        state = Mutex(State(work: .evaluated([storage])))
    }

    init(poisoned spec: TensorSpec) {
        outputs = [spec]
        modulePath = nil
        state = Mutex(State(work: .poisoned))
    }

    // A chain of a hundred thousand nodes must not release itself by recursion.
    deinit {
        var chain = takeInputs()
        while var next = chain.popLast() {
            if isKnownUniquelyReferenced(&next.node) { chain += next.node.takeInputs() }
        }
    }

    private func takeInputs() -> [Value] {
        let inputs: [Value] = state.withLock { state in
            guard case .pending(let primitive, let inputs) = state.work else { return [] }
            state.work = .pending(primitive, [])
            return inputs
        }
        for input in inputs { input.node.state.withLock { $0.consumers -= 1 } }
        return inputs
    }
}

// MARK: - Handles

extension Node {
    func retainHandle(_ output: Int) { state.withLock { $0.handles[output] += 1 } }

    func releaseHandle(_ output: Int) { state.withLock { $0.handles[output] -= 1 } }

    /// Whether nobody holds a result and no pending node needs one.
    var isDead: Bool { state.withLock { $0.consumers == 0 && $0.handles == .zero } }
}

// MARK: - For the engine

extension Node {
    public var work: Work { state.withLock { $0.work } }

    public var isPending: Bool {
        state.withLock { if case .pending = $0.work { true } else { false } }
    }

    public var isPoisoned: Bool {
        state.withLock { if case .poisoned = $0.work { true } else { false } }
    }

    /// Which results somebody holds, as bits.
    public var heldOutputs: UInt8 {
        state.withLock { state in
            var bits: UInt8 = 0
            for output in 0..<4 where state.handles[output] > 0 { bits |= 1 << UInt8(output) }
            return bits
        }
    }

    /// How often pending nodes name this one as an input.
    public var consumerCount: Int { state.withLock { Int($0.consumers) } }

    /// The finished elements of one result, if there are any.
    public func storage(of output: Int) -> Storage? {
        state.withLock { state in
            guard case .evaluated(let storages) = state.work else { return nil }
            return storages[output]
        }
    }

    /// Puts the same elements in another memory in the place of finished ones.
    public func replaceStorage(of output: Int, with storage: Storage) {
        state.withLock { state in
            guard case .evaluated(var storages) = state.work else { return }
            state.work = .poisoned
            storages[output] = storage
            state.work = .evaluated(storages)
        }
    }

    /// Whether this node alone holds the finished elements of a result: then a plan may overwrite them when nobody reads
    /// them later.
    public func ownsStorageAlone(of output: Int) -> Bool {
        state.withLock { state in
            guard case .evaluated(var storages) = state.work else { return false }
            state.work = .poisoned
            defer { state.work = .evaluated(storages) }
            guard storages[output] != nil else { return false }
            return isKnownUniquelyReferenced(&storages[output])
        }
    }

    /// The number that a graph walk gave this node, or nil where it has not been here.
    public func index(in walk: Int) -> Int? {
        state.withLock { $0.mark.walk == walk ? $0.mark.index : nil }
    }

    public func setIndex(_ index: Int, in walk: Int) {
        state.withLock { $0.mark = Mark(walk: walk, index: index) }
    }

    /// Marks the results as impossible to compute, and lets go of the inputs.
    public func poison() {
        let inputs = takeInputs()
        state.withLock { $0.work = .poisoned }
        _ = consume inputs
    }

    /// Stores the results and lets go of the inputs.
    public func finish(_ storages: [Storage?]) {
        let inputs = takeInputs()
        state.withLock { $0.work = .evaluated(storages) }
        _ = consume inputs
    }
}

/// One result of a node.
public struct Value: Sendable {
    public var node: Node
    public let output: Int

    public init(_ node: Node, _ output: Int) {
        self.node = node
        self.output = output
    }

    public var spec: TensorSpec { node.outputs[output] }
}
