import ApusGraph
import ApusPlan
import Synchronization

/// The pending work behind some values, in an order in which it can run, and the finished tensors that it reads.
struct CollectedGraph {
    struct Item {
        let node: Node
        let primitive: any Primitive
        /// Where in ``references`` its inputs are.
        let inputs: Range<Int>
        /// Bits of the results that somebody holds.
        var heldOutputs: UInt8
    }

    /// What an item reads, as one number, of which a plan's key is made.
    struct Reference {
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

    private(set) var items: [Item] = []
    private(set) var references: [Reference] = []
    private(set) var leaves: [Leaf] = []
    /// Whether anything is to be copied between devices before.
    private(set) var hasTransfers = false
}

extension CollectedGraph {
    private static let walks = Atomic<Int>(0)

    /// A pending node some of whose inputs are still to be collected.
    private struct Visit {
        let node: Node
        let primitive: any Primitive
        let inputs: [Value]
        var next = 0

        init(_ node: Node) throws {
            guard case .pending(let primitive, let inputs) = node.work else {
                throw TensorError("evaluate", "an operand was computed meanwhile; this is an error of the engine.")
            }
            (self.node, self.primitive, self.inputs) = (node, primitive, inputs)
        }
    }

    /// Collects all pending nodes that `targets`, which are pending, need.
    ///
    /// Throws where a node's computation failed earlier.
    init(targets: [Node]) throws {
        let walk = Self.walks.add(1, ordering: .relaxed).newValue
        var leafNodes: [(node: Node, slots: SIMD4<Int>, uses: Int)] = []
        var uses: [Int] = []
        items.reserveCapacity(targets.count)
        uses.reserveCapacity(targets.count)
        references.reserveCapacity(targets.count * 4)

        /// The next input that must be collected first.
        func missing(_ visit: inout Visit) throws -> Node? {
            while visit.next < visit.inputs.count {
                let input = visit.inputs[visit.next].node
                visit.next += 1
                guard input.index(in: walk) == nil else { continue }
                switch input.standing {
                case .pending: return input
                case .evaluated:
                    // Finished nodes get numbers below −1.
                    input.setIndex(-2 - leafNodes.count, in: walk)
                    leafNodes.append((input, SIMD4(repeating: -1), 0))
                case .poisoned:
                    throw TensorError("evaluate", "an operand could not be computed before; see the first error.")
                }
            }
            return nil
        }

        func append(_ visit: Visit) {
            let first = references.count
            for input in visit.inputs {
                let index = input.node.index(in: walk) ?? 0
                if index >= 0 {
                    uses[index] += 1
                    references.append(.item(index, output: input.output))
                    continue
                }
                let position = -2 - index
                leafNodes[position].uses += 1
                if leafNodes[position].slots[input.output] < 0 {
                    leafNodes[position].slots[input.output] = leaves.count
                    leaves.append(Leaf(value: input))
                }
                references.append(.leaf(leafNodes[position].slots[input.output]))
            }
            // Compared by hand: a cast takes longer than all else here.
            if type(of: visit.primitive) == Transfer.self { hasTransfers = true }
            visit.node.setIndex(items.count, in: walk)
            items.append(
                Item(
                    node: visit.node, primitive: visit.primitive, inputs: first..<references.count,
                    heldOutputs: visit.node.heldOutputs))
            uses.append(0)
        }

        // Depth first without recursion. Targets come in the order in which they were recorded, so that the inputs of
        // most are there already.
        var stack: [Visit] = []
        for target in targets where target.index(in: walk) == nil {
            var visit = try Visit(target)
            while true {
                if let input = try missing(&visit) {
                    stack.append(visit)
                    visit = try Visit(input)
                    continue
                }
                append(visit)
                guard let outer = stack.popLast() else { break }
                visit = outer
            }
        }

        for index in items.indices where items[index].node.consumerCount > uses[index] {
            // Work of another task needs this node: it keeps all results.
            items[index].heldOutputs = UInt8((1 << items[index].node.outputs.count) - 1)
        }
        for (node, slots, uses) in leafNodes where node.heldOutputs == 0 && node.consumerCount == uses {
            for output in node.outputs.indices where slots[output] >= 0 && node.ownsStorageAlone(of: output) {
                leaves[slots[output]].isDonated = true
            }
        }
    }
}

/// What makes two computations the same: their structure, attributes, shapes and types, and what outlives them.
struct PlanKey: Hashable {
    private let code: [Int]
    private let hash: UInt64

    init(_ graph: CollectedGraph, on device: Device, _ primitives: inout PrimitiveNumbers) {
        var code: [Int] = []
        code.reserveCapacity(graph.items.count * 5 + graph.leaves.count * 5 + 1)
        switch device {
        case .cpu: code.append(-1)
        case .cuda(let index): code.append(index)
        }
        for leaf in graph.leaves {
            let spec = leaf.value.spec
            code.append(Int(spec.dtype.rawValue) << 1 | (leaf.isDonated ? 1 : 0))
            code.append(spec.shape.rank)
            code += spec.shape.dimensions
        }
        // By position: a copy of an item would retain all that it holds.
        for position in graph.items.indices {
            code.append(primitives.number(of: graph.items[position].primitive, at: position))
            let inputs = graph.items[position].inputs
            code.append(inputs.count << 8 | Int(graph.items[position].heldOutputs))
            for index in inputs { code.append(graph.references[index].code) }
        }
        self.code = code
        hash = Self.hash(of: code)
    }

    /// FNV-1a over whole numbers, one multiplication for each of some hundred. Swift's hash does more, to guard against keys
    /// that somebody chose; here nobody does, and equal hashes are compared number by number.
    private static func hash(of code: [Int]) -> UInt64 {
        code.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64(bitPattern: Int64($1))) &* 0x100_0000_01b3 }
    }

    static func == (left: PlanKey, right: PlanKey) -> Bool { left.hash == right.hash && left.code == right.code }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// Numbers for primitives, so that comparing two keys compares integers only.
struct PrimitiveNumbers {
    private var numbers: [PrimitiveKey: Int] = [:]
    private var next = 0
    /// The primitives of the last graph and their numbers, by their positions: those of a training loop's next step are
    /// the same, and comparing is cheaper than hashing.
    private var latest: [any Primitive] = []
    private var latestNumbers: [Int] = []

    /// A program that slices at ever new positions makes ever new primitives; old numbers are forgotten then, and are
    /// never given again.
    private static let bound = 1 << 16

    /// The number of a primitive that stands at a position of a graph; each position comes after those before it.
    mutating func number(of primitive: any Primitive, at position: Int) -> Int {
        if position < latest.count {
            if !latest[position].isEqual(to: primitive) {
                latest[position] = primitive
                latestNumbers[position] = number(of: primitive)
            }
            return latestNumbers[position]
        }
        let number = number(of: primitive)
        latest.append(primitive)
        latestNumbers.append(number)
        return number
    }

    private mutating func number(of primitive: any Primitive) -> Int {
        let key = PrimitiveKey(primitive: primitive)
        if let number = numbers[key] { return number }
        if numbers.count >= Self.bound { numbers.removeAll() }
        next += 1
        numbers[key] = next
        return next
    }
}
