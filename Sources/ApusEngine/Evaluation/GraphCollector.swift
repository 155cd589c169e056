import ApusGraph
import ApusPlan
import Synchronization

/// The pending work behind some values, in an order in which it can run, and the finished tensors that it reads.
struct CollectedGraph {
    struct Item {
        /// What makes the results; of an update what is updated.
        let node: Node
        /// The number of its primitive: see ``PrimitiveNumbers``.
        let primitive: Int
        /// Where in ``references`` its inputs are.
        let inputs: Range<Int>
        /// Bits of the results that somebody holds.
        var heldOutputs: UInt8
    }

    /// What an item reads, as one number, of which a plan's key is made.
    struct Reference: Hashable {
        enum Kind {
            /// A result of an earlier item.
            case item(Int, output: Int)
            /// A finished tensor, by its position in ``leaves``.
            case leaf(Int)
        }

        let code: Int

        static func item(_ index: Int, output: Int) -> Reference { Reference(code: (index << 2 | output) << 1) }
        static func leaf(_ index: Int) -> Reference { Reference(code: index << 1 | 1) }

        var kind: Kind { code & 1 == 1 ? .leaf(code >> 1) : .item(code >> 3, output: code >> 1 & 3) }
    }

    struct Leaf {
        let value: Value
        /// Whether nobody reads this tensor after the plan.
        var isDonated = false
    }

    /// An update, which is an item behind all others.
    struct Update {
        let update: TensorUpdate
        /// The leaves that are the results of its node before it.
        let leaves: SIMD4<Int32>
        /// How often other items read them.
        var uses = 0
    }

    fileprivate(set) var items: [Item] = []
    fileprivate(set) var updates: [Update] = []
    fileprivate(set) var references: [Reference] = []
    fileprivate(set) var leaves: [Leaf] = []
    /// Whether anything is to be copied between devices before.
    fileprivate(set) var hasTransfers = false

    /// The position of the first item that is an update.
    var firstUpdate: Int { items.count - updates.count }

    /// What an item computes.
    func primitive(of index: Int) throws -> any Primitive {
        try index < firstUpdate ? items[index].node.work().primitive : updates[index - firstUpdate].update.primitive
    }

    /// Begins the updates: what they read of their own nodes may be written over where nobody else holds it.
    mutating func beginUpdates() {
        for index in updates.indices where updates[index].update.begin(readBy: updates[index].uses) {
            for output in updates[index].update.node.outputs.indices {
                leaves[Int(updates[index].leaves[output])].isDonated = true
            }
        }
    }

    /// Ends the updates of a graph that could not be computed.
    func cancelUpdates() { for update in updates { update.update.cancel() } }
}

extension CollectedGraph {
    /// The lists of a graph that was computed, empty: large blocks of memory are not taken and given with each step.
    struct Spare {
        fileprivate var graph: CollectedGraph?
        fileprivate var leafNodes: [(node: Node, leaves: SIMD4<Int32>)] = []
    }

    /// Lets go of everything, and leaves the lists behind.
    mutating func clear(into spare: inout Spare) {
        items.removeAll(keepingCapacity: true)
        references.removeAll(keepingCapacity: true)
        leaves.removeAll(keepingCapacity: true)
        updates.removeAll(keepingCapacity: true)
        hasTransfers = false
        var cleared = CollectedGraph()
        swap(&cleared, &self)
        spare.graph = cleared
    }

    /// Collects all pending nodes that `targets`, which are pending, and `updates` need, and the updates.
    ///
    /// Throws where a node's computation failed earlier.
    ///
    /// - Parameters:
    ///   - targets: what is computed.
    ///   - updates: what is updated behind it.
    ///   - primitives: the numbers of the primitives.
    ///   - spare: lists of an earlier graph, which serve again.
    init(
        targets: [Node], _ updates: [TensorUpdate], _ primitives: inout PrimitiveNumbers, _ spare: inout Spare
    ) throws {
        var collector = Collector(capacity: targets.count + updates.count, &spare)
        // Targets come in the order in which they were recorded, so that the inputs of most are there already.
        for target in targets where target.index(in: collector.walk) == nil {
            try collector.collect(target, &primitives)
        }
        try collector.append(updates, &primitives)
        self = collector.finish(&spare)
    }

    /// A graph while it is being collected.
    private struct Collector {
        let walk = Self.walks.add(1, ordering: .relaxed).newValue
        private var graph: CollectedGraph
        /// The finished nodes that are read, and which leaf each of their results is.
        private var leafNodes: [(node: Node, leaves: SIMD4<Int32>)]
        /// How many references are those of nodes; the others are of updates. nil where there are no updates.
        private var ordinaryReferences: Int?

        private static let walks = Atomic<Int>(0)

        init(capacity: Int, _ spare: inout Spare) {
            graph = spare.graph.take() ?? CollectedGraph()
            leafNodes = spare.leafNodes
            spare.leafNodes = []
            // A step's graph has about as many items as targets, half of which are read from outside.
            graph.items.reserveCapacity(capacity)
            graph.references.reserveCapacity(capacity * 4)
            graph.leaves.reserveCapacity(capacity)
            leafNodes.reserveCapacity(capacity)
        }

        /// A pending node some of whose inputs are still to be collected.
        private struct Visit {
            let node: Node
            let inputs: [Value]
            private var next = 0

            init(_ node: Node) throws { (self.node, inputs) = (node, try node.work().inputs) }

            /// The next input that must be collected first.
            mutating func missing(in walk: Int) -> Node? {
                while next < inputs.count {
                    let input = inputs[next].node
                    next += 1
                    if input.index(in: walk) == nil, input.isPending { return input }
                }
                return nil
            }
        }

        mutating func collect(_ target: Node, _ primitives: inout PrimitiveNumbers) throws {
            if try append(target, &primitives) { return }
            // Depth first without recursion.
            var stack = [try Visit(target)]
            while var visit = stack.popLast() {
                if let input = visit.missing(in: walk) {
                    stack.append(visit)
                    stack.append(try Visit(input))
                } else {
                    _ = try append(visit.node, &primitives)
                }
            }
        }

        /// Appends a pending node; returns false, and appends nothing, where an input must be collected first.
        private mutating func append(_ node: Node, _ primitives: inout PrimitiveNumbers) throws -> Bool {
            let (primitive, inputs) = try node.work()
            let first = graph.references.count
            for index in inputs.indices {
                guard let reference = try reference(to: inputs[index]) else {
                    graph.references.removeLast(graph.references.count - first)
                    return false
                }
                graph.references.append(reference)
            }
            // Compared by hand: a cast takes longer than all else here.
            if type(of: primitive) == Transfer.self { graph.hasTransfers = true }
            let position = graph.items.count
            node.setIndex(position, in: walk)
            graph.items.append(
                Item(
                    node: node, primitive: primitives.number(of: primitive, at: position),
                    inputs: first..<graph.references.count, heldOutputs: node.heldOutputs))
            return true
        }

        /// Appends updates, of which each reads what it changes.
        mutating func append(_ updates: [TensorUpdate], _ primitives: inout PrimitiveNumbers) throws {
            guard !updates.isEmpty else { return }
            graph.updates.reserveCapacity(updates.count)
            for update in updates {
                try collect(pendingOf: update.operands, &primitives)
                try collect(pendingOf: update.shared, &primitives)
            }
            ordinaryReferences = graph.references.count
            var shared: (address: UnsafeRawPointer?, references: Range<Int>) = (nil, 0..<0)
            for update in updates {
                let first = graph.references.count
                let operands = update.operands
                for index in operands.indices { try appendReference(to: operands[index]) }
                // Most share one list.
                let values = update.shared
                let address = values.withUnsafeBytes { $0.baseAddress }
                if address == shared.address, values.count == shared.references.count {
                    for index in shared.references { graph.references.append(graph.references[index]) }
                } else {
                    let first = graph.references.count
                    for index in values.indices { try appendReference(to: values[index]) }
                    shared = (address, first..<graph.references.count)
                }
                // Its own results are among its operands.
                guard let index = update.node.index(in: walk), index < 0 else { throw Self.isGone }
                let leaves = leafNodes[-2 - index].leaves
                for output in update.node.outputs.indices where leaves[output] < 0 { throw Self.isGone }
                graph.items.append(
                    Item(
                        node: update.node, primitive: primitives.number(of: update),
                        inputs: first..<graph.references.count,
                        heldOutputs: UInt8(truncatingIfNeeded: (1 << update.node.outputs.count) - 1)))
                graph.updates.append(Update(update: update, leaves: leaves))
            }
        }

        private mutating func collect(pendingOf operands: [Value], _ primitives: inout PrimitiveNumbers) throws {
            for index in operands.indices
            where operands[index].node.isPending && operands[index].node.index(in: walk) == nil {
                try collect(operands[index].node, &primitives)
            }
        }

        private static var isGone: TensorError {
            TensorError("update", "an operand of an update is missing; this is an error of the engine.")
        }

        private mutating func appendReference(to operand: Value) throws {
            guard let reference = try reference(to: operand) else { throw Self.isGone }
            graph.references.append(reference)
        }

        /// What stands for an operand; nil where it is still to be collected.
        private mutating func reference(to operand: Value) throws -> Reference? {
            if let index = operand.node.index(in: walk) {
                // Finished nodes get numbers below −1.
                return index >= 0 ? .item(index, output: operand.output) : leaf(-2 - index, operand)
            }
            switch operand.node.standing {
            case .pending: return nil
            case .evaluated:
                operand.node.setIndex(-2 - leafNodes.count, in: walk)
                leafNodes.append((operand.node, SIMD4(repeating: -1)))
                return leaf(leafNodes.count - 1, operand)
            case .poisoned:
                throw TensorError("evaluate", "an operand could not be computed before; see the first error.")
            }
        }

        private mutating func leaf(_ position: Int, _ operand: Value) -> Reference {
            let known = leafNodes[position].leaves[operand.output]
            if known >= 0 { return .leaf(Int(known)) }
            leafNodes[position].leaves[operand.output] = Int32(graph.leaves.count)
            graph.leaves.append(Leaf(value: operand))
            return .leaf(graph.leaves.count - 1)
        }

        /// The graph, with what becomes of its nodes and leaves behind it.
        mutating func finish(_ spare: inout Spare) -> CollectedGraph {
            defer {
                leafNodes.removeAll(keepingCapacity: true)
                swap(&spare.leafNodes, &leafNodes)
            }
            var uses = [Int](repeating: 0, count: graph.items.count)
            var leafUses = [Int](repeating: 0, count: graph.leaves.count)
            // Updates are no consumers of what they read.
            for reference in graph.references.prefix(ordinaryReferences ?? graph.references.count) {
                switch reference.kind {
                case .item(let index, _): uses[index] += 1
                case .leaf(let index): leafUses[index] += 1
                }
            }
            for index in graph.updates.indices {
                let leaves = graph.updates[index].leaves
                for output in 0..<4 where leaves[output] >= 0 {
                    graph.updates[index].uses += leafUses[Int(leaves[output])]
                }
            }
            for index in 0..<graph.firstUpdate where graph.items[index].node.consumerCount > uses[index] {
                // Work of another task needs this node: it keeps all results.
                graph.items[index].heldOutputs = UInt8((1 << graph.items[index].node.outputs.count) - 1)
            }
            for (node, leaves) in leafNodes where node.heldOutputs == 0 {
                var uses = 0
                for output in node.outputs.indices where leaves[output] >= 0 { uses += leafUses[Int(leaves[output])] }
                guard node.consumerCount == uses else { continue }
                for output in node.outputs.indices where leaves[output] >= 0 && node.ownsStorageAlone(of: output) {
                    graph.leaves[Int(leaves[output])].isDonated = true
                }
            }
            return graph
        }
    }
}

extension Node {
    /// Throws where the node is not pending.
    func work() throws -> (primitive: any Primitive, inputs: [Value]) {
        guard let work = pendingWork else {
            throw TensorError("evaluate", "an operand was computed meanwhile; this is an error of the engine.")
        }
        return work
    }
}
