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
        case evaluated(Results)
        /// Recorded after an error inside of ``withTensorErrors(_:)``.
        case poisoned
    }

    /// The finished results; nil for one that nobody held.
    public struct Results: Sendable {
        // Four fields, not an array, which each node would have to allocate.
        private var first: Storage?
        private var second: Storage?
        private var third: Storage?
        private var fourth: Storage?

        public init(_ first: Storage? = nil) { self.first = first }

        public subscript(output: Int) -> Storage? {
            get {
                switch output {
                case 0: first
                case 1: second
                case 2: third
                default: fourth
                }
            }
            set {
                switch output {
                case 0: first = newValue
                case 1: second = newValue
                case 2: third = newValue
                default: fourth = newValue
                }
            }
        }

        /// Whether the elements of a result belong to nobody else.
        mutating func ownsAlone(_ output: Int) -> Bool {
            switch output {
            case 0: isKnownUniquelyReferenced(&first)
            case 1: isKnownUniquelyReferenced(&second)
            case 2: isKnownUniquelyReferenced(&third)
            default: isKnownUniquelyReferenced(&fourth)
            }
        }
    }

    /// How far a node is; see ``Work``.
    public enum Standing: UInt8, Sendable, AtomicRepresentable {
        case pending
        case evaluated
        case poisoned
    }

    /// The fields of ``Work`` side by side, of which one can be read without copying the others.
    private struct State: Sendable {
        var primitive: (any Primitive)?
        var inputs: [Value] = []
        var results = Results()
    }

    private let state: Mutex<State>
    /// Changed with the state, within its lock.
    private let standingNow: Atomic<Standing>
    /// Living handles of the first two results and of the last two, 32 bits each.
    private let firstHandles = Atomic<UInt64>(0)
    private let lastHandles = Atomic<UInt64>(0)
    /// How often pending nodes name this one as an input.
    private let consumers = Atomic<Int>(0)
    /// Scratch space of one graph walk: the index is valid where the walk's number is that walk's own. Walks come one at
    /// a time.
    private let walk = Atomic<Int>(0)
    private let walkIndex = Atomic<Int>(0)

    /// A pending node, whose inputs were told of it by ``addConsumer()``: who lists them goes through them anyway.
    init(_ primitive: any Primitive, _ inputs: [Value], outputs: [TensorSpec]) {
        self.outputs = outputs
        modulePath = ModulePath.current
        state = Mutex(State(primitive: primitive, inputs: inputs))
        standingNow = Atomic(.pending)
    }

    /// A node of finished elements.
    public init(_ storage: Storage, _ spec: TensorSpec) {
        outputs = [spec]
        modulePath = nil
        state = Mutex(State(results: Results(storage)))
        standingNow = Atomic(.evaluated)
    }

    /// A node of several finished results.
    init(_ results: Results, _ outputs: [TensorSpec]) {
        self.outputs = outputs
        modulePath = nil
        state = Mutex(State(results: results))
        standingNow = Atomic(.evaluated)
    }

    init(poisoned spec: TensorSpec) {
        outputs = [spec]
        modulePath = nil
        state = Mutex(State())
        standingNow = Atomic(.poisoned)
    }

    // A chain of a hundred thousand nodes must not release itself by recursion.
    deinit {
        guard isPending else { return }
        var chain: [Node] = []
        takePendingInputs(into: &chain)
        while var next = chain.popLast() {
            guard isKnownUniquelyReferenced(&next) else { continue }
            next.takePendingInputs(into: &chain)
            // What follows for it has been done.
            next.standingNow.store(.poisoned, ordering: .relaxed)
        }
    }

    /// Moves the pending inputs of this pending node to the end of a list; the others are released here.
    private func takePendingInputs(into chain: inout [Node]) {
        for input in takeInputs() where input.node.isPending { chain.append(input.node) }
    }

    /// Takes the inputs away, no longer as a consumer.
    private func takeInputs() -> [Value] {
        release(
            state.withLock { state in
                var inputs: [Value] = []
                swap(&state.inputs, &inputs)
                return inputs
            })
    }

    /// Ends being pending, or finished, with the given results, and lets go of the inputs, no longer as a consumer.
    private func end(_ standing: Standing, _ results: Results) {
        _ = release(
            state.withLock { state in
                var inputs: [Value] = []
                swap(&state.inputs, &inputs)
                state.primitive = nil
                state.results = results
                standingNow.store(standing, ordering: .releasing)
                return inputs
            })
    }

    private func release(_ inputs: [Value]) -> [Value] {
        for index in inputs.indices { inputs[index].node.consumers.subtract(1, ordering: .acquiringAndReleasing) }
        return inputs
    }
}

// MARK: - Handles

extension Node {
    /// Counts a pending node that names this one as an input.
    func addConsumer() { consumers.add(1, ordering: .relaxed) }

    func retainHandle(_ output: Int) {
        if output < 2 {
            firstHandles.add(1 << (UInt64(output) * 32), ordering: .relaxed)
        } else {
            lastHandles.add(1 << (UInt64(output - 2) * 32), ordering: .relaxed)
        }
    }

    func releaseHandle(_ output: Int) {
        if output < 2 {
            firstHandles.subtract(1 << (UInt64(output) * 32), ordering: .acquiringAndReleasing)
        } else {
            lastHandles.subtract(1 << (UInt64(output - 2) * 32), ordering: .acquiringAndReleasing)
        }
    }

    /// Whether nobody holds a result and no pending node needs one.
    ///
    /// Handles are read first: who records a node holds its inputs until they have a consumer more.
    var isDead: Bool {
        firstHandles.load(ordering: .acquiring) == 0 && lastHandles.load(ordering: .acquiring) == 0
            && consumers.load(ordering: .acquiring) == 0
    }
}

// MARK: - For the engine

extension Node {
    public var work: Work {
        state.withLock { state in
            if let primitive = state.primitive { return .pending(primitive, state.inputs) }
            return standing == .poisoned ? .poisoned : .evaluated(state.results)
        }
    }

    /// What a pending node computes, and of what; nil where it is not pending.
    public var pendingWork: (primitive: any Primitive, inputs: [Value])? {
        state.withLock { state in
            guard let primitive = state.primitive else { return nil }
            return (primitive, state.inputs)
        }
    }

    public var standing: Standing { standingNow.load(ordering: .acquiring) }

    public var isPending: Bool { standing == .pending }

    public var isPoisoned: Bool { standing == .poisoned }

    /// Which results somebody holds, as bits.
    public var heldOutputs: UInt8 {
        let (low, high) = (firstHandles.load(ordering: .acquiring), lastHandles.load(ordering: .acquiring))
        let first: UInt8 = low & 0xffff_ffff != 0 ? 1 : 0
        let second: UInt8 = low >> 32 != 0 ? 2 : 0
        let third: UInt8 = high & 0xffff_ffff != 0 ? 4 : 0
        let fourth: UInt8 = high >> 32 != 0 ? 8 : 0
        return first | second | third | fourth
    }

    /// How often pending nodes name this one as an input.
    public var consumerCount: Int { consumers.load(ordering: .acquiring) }

    /// The finished elements of one result, if there are any.
    public func storage(of output: Int) -> Storage? {
        guard standing == .evaluated else { return nil }
        return state.withLock { $0.results[output] }
    }

    /// The elements of one result that a plan reads: finished ones, also while they are updated.
    public func readableStorage(of output: Int) -> Storage? { state.withLock { $0.results[output] } }

    /// Puts the same elements in another memory in the place of those that a plan reads.
    public func replaceStorage(of output: Int, with storage: Storage) {
        state.withLock { if $0.results[output] != nil { $0.results[output] = storage } }
    }

    /// Whether this node alone holds the finished elements of a result: then a plan may overwrite them when nobody reads
    /// them later.
    public func ownsStorageAlone(of output: Int) -> Bool {
        guard standing == .evaluated else { return false }
        return state.withLock { $0.results[output] != nil && $0.results.ownsAlone(output) }
    }

    /// The number that a graph walk gave this node, or nil where it has not been here.
    public func index(in walk: Int) -> Int? {
        self.walk.load(ordering: .relaxed) == walk ? walkIndex.load(ordering: .relaxed) : nil
    }

    public func setIndex(_ index: Int, in walk: Int) {
        self.walk.store(walk, ordering: .relaxed)
        walkIndex.store(index, ordering: .relaxed)
    }

    /// Marks the results as impossible to compute, and lets go of the inputs.
    public func poison() { end(.poisoned, Results()) }

    /// Stores the results and lets go of the inputs.
    public func finish(_ results: Results) { end(.evaluated, results) }
}

// MARK: - Updates

extension Node {
    /// Begins to give all results other elements, if each is held by one handle and its memory by nobody else; returns
    /// whether it has begun. The node counts as pending then.
    ///
    /// - Parameter uses: how often pending nodes of the plan at hand name this one as an input.
    func beginUpdate(readBy uses: Int) -> Bool {
        // One handle a result.
        let first: UInt64 = outputs.count > 1 ? 1 << 32 | 1 : 1
        let last: UInt64 = outputs.count > 3 ? 1 << 32 | 1 : outputs.count > 2 ? 1 : 0
        guard firstHandles.load(ordering: .acquiring) == first, lastHandles.load(ordering: .acquiring) == last,
            consumerCount == uses
        else { return false }
        return state.withLock { state in
            guard standing == .evaluated else { return false }
            for output in outputs.indices where !state.results.ownsAlone(output) { return false }
            standingNow.store(.pending, ordering: .releasing)
            return true
        }
    }

    /// Ends an update with new elements.
    func endUpdate(_ results: Results) {
        // The old ones are released outside of the lock.
        var results = results
        state.withLock { state in
            swap(&state.results, &results)
            standingNow.store(.evaluated, ordering: .releasing)
        }
    }

    /// Ends an update that was not made. Elements that are gone stay so.
    func cancelUpdate() {
        state.withLock { _ in if standing == .pending { standingNow.store(.evaluated, ordering: .releasing) } }
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
