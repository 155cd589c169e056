import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The nodes that are recorded and not yet computed, by the task (or thread) that recorded them.
///
/// When a value is read, the engine computes with it everything else of the same task that is still held: the loss
/// that the user keeps and the running statistics of a batch norm become results of the same plan.
public enum PendingWork {
    private struct List {
        var nodes: [Node] = []
        var countAfterSweep = 0
        var heldBytes = 0
    }

    /// The list that was added to last, which most additions go to, is taken out of the others.
    private struct Lists {
        var others: [Int: List] = [:]
        var newest = List()
        var newestContext = 0

        mutating func select(_ context: Int) {
            guard context != newestContext else { return }
            if !newest.nodes.isEmpty { others[newestContext] = newest }
            newest = others.removeValue(forKey: context) ?? List()
            newestContext = context
        }
    }

    private static let lists = Mutex(Lists())

    /// More pending nodes than this are computed without being asked for: a training step of the deepest networks here
    /// records about 5,000, and planning time grows with the number.
    static let nodeBound = 20_000

    /// Pending operations that keep more finished elements alive than this are computed without being asked for, so
    /// that a sum over a whole data set does not keep the data set.
    static let byteBound = 1 << 30

    /// How many nodes are recorded between two sweeps of dead ones.
    private static let sweepInterval = 2_048

    /// The current task, or the thread where there is none.
    static var currentContext: Int {
        // A task is known by its address, of which its handle consists. The handle's hash value, the only number that it
        // gives by itself, takes as long as all else that noting a node does.
        let task = withUnsafeCurrentTask { task in task.map { unsafeBitCast($0, to: Int.self) } }
        return task ?? Int(bitPattern: pthread_self())
    }

    /// Notes a new node; returns whether there is so much pending that it should be computed now.
    static func add(_ node: Node, leafBytes: Int) -> Bool {
        let context = currentContext
        return lists.withLock { lists in
            lists.select(context)
            lists.newest.nodes.append(node)
            lists.newest.heldBytes += leafBytes
            let isDue =
                lists.newest.nodes.count - lists.newest.countAfterSweep >= sweepInterval
                || lists.newest.heldBytes > byteBound
            guard isDue else { return false }
            sweep(&lists.newest)
            return lists.newest.countAfterSweep > nodeBound || lists.newest.heldBytes > byteBound
        }
    }

    /// Takes the current task's pending nodes that are still needed, oldest first.
    public static func take() -> [Node] {
        let context = currentContext
        var taken: [Node] = lists.withLock { lists in
            // Tasks that ended leave their lists behind; dead ones go here.
            if lists.others.count > 64 {
                lists.others = lists.others.filter { _, list in list.nodes.contains { !$0.isDead } }
            }
            lists.select(context)
            let nodes = lists.newest.nodes
            lists.newest = List()
            // The next step of a loop records as many.
            lists.newest.nodes.reserveCapacity(min(nodes.count, sweepInterval))
            return nodes
        }
        removeDead(&taken)
        return taken
    }

    private static func sweep(_ list: inout List) {
        removeDead(&list.nodes)
        list.countAfterSweep = list.nodes.count
        list.heldBytes = 0
        var seen = Set<ObjectIdentifier>()
        for node in list.nodes {
            guard case .pending(_, let inputs) = node.work else { continue }
            for input in inputs {
                guard let storage = input.node.storage(of: input.output) else { continue }
                if seen.insert(ObjectIdentifier(storage)).inserted { list.heldBytes += storage.byteCount }
            }
        }
    }

    /// Drops nodes that nobody needs, from the newest: each lets go of its inputs, which may be dead then too.
    private static func removeDead(_ nodes: inout [Node]) {
        // As a rule there is none.
        guard let dead = nodes.lastIndex(where: { !$0.isPending || $0.isDead }) else { return }
        var kept = Array(nodes[(dead + 1)...].reversed())
        kept.reserveCapacity(nodes.count)
        nodes.removeSubrange((dead + 1)...)
        while let node = nodes.popLast() {
            if node.isPending, !node.isDead { kept.append(node) }
        }
        kept.reverse()
        nodes = kept
    }
}

/// How the graph asks for evaluation; `ApusEngine` installs itself here when the program is loaded.
public enum EvaluationHook {
    /// In a box: a closure that is read through generic code would gain a layer at each reading.
    private struct Hook: Sendable {
        let evaluate: @Sendable ([Value], [TensorUpdate]) throws -> Void
    }

    private static let hook = Mutex<Hook?>(nil)

    public static func install(_ evaluate: @escaping @Sendable ([Value], [TensorUpdate]) throws -> Void) {
        hook.withLock { $0 = Hook(evaluate: evaluate) }
    }

    /// Evaluates the values, and with them everything pending of the current task; then makes the updates, in the same
    /// plan.
    ///
    /// - Parameters:
    ///   - values: what is to be evaluated.
    ///   - updates: updates of leaves, of which none reads what another one makes; none by default.
    public static func evaluate(_ values: [Value], updating updates: [TensorUpdate] = []) throws {
        guard let hook = hook.withLock({ $0 }) else {
            throw TensorError("evaluate", "no engine is linked into this program. Import Apus or ApusEngine.")
        }
        try hook.evaluate(values, updates)
    }

    /// Whether every operation is evaluated as it is recorded: `APUS_EAGER=1`, or for the duration of
    /// `EvaluationHook.$isEager.withValue(true) { … }`.
    @TaskLocal public static var isEager: Bool = {
        guard let value = getenv("APUS_EAGER") else { return false }
        return String(cString: value) == "1"
    }()
}
