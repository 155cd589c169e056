import ApusGraph
import ApusPlan

/// What makes two computations the same: their structure, attributes, shapes and types, and what outlives them.
struct PlanKey: Hashable {
    /// The device, and what the leaves are.
    private let leaves: [Int]
    /// A number for each item.
    private let items: [Int]
    private let references: [CollectedGraph.Reference]
    private let hash: UInt64

    init(_ graph: CollectedGraph, on device: Device) {
        var leaves: [Int] = []
        leaves.reserveCapacity(graph.leaves.count * 4 + 1)
        leaves.append(Self.code(of: device))
        for position in graph.leaves.indices {
            leaves.append(Self.code(of: graph.leaves[position]))
            let value = graph.leaves[position].value
            value.node.outputs[value.output].shape.append(to: &leaves)
        }
        // By position: a copy of an item would retain all that it holds. Four results are four bits, and no graph has as
        // many inputs as 28 bits count.
        let items = [Int](unsafeUninitializedCapacity: graph.items.count) { buffer, count in
            for position in graph.items.indices {
                buffer.initializeElement(at: position, to: Self.code(of: graph.items[position]))
            }
            count = graph.items.count
        }
        references = graph.references
        var hash = FNVHash()
        for number in leaves { hash.add(number) }
        for number in items { hash.add(number) }
        for reference in references { hash.add(reference.code) }
        (self.leaves, self.items, self.hash) = (leaves, items, hash.value)
    }

    private static func code(of device: Device) -> Int {
        switch device {
        case .cpu: -1
        case .cuda(let index): index
        }
    }

    /// The type of a leaf and what may become of it.
    private static func code(of leaf: CollectedGraph.Leaf) -> Int {
        Int(leaf.value.node.outputs[leaf.value.output].dtype.rawValue) << 1 | (leaf.isDonated ? 1 : 0)
    }

    private static func code(of item: CollectedGraph.Item) -> Int {
        item.primitive << 32 | item.inputs.count << 4 | Int(item.heldOutputs)
    }

    /// Whether this is the key of a graph, found without making one.
    func matches(_ graph: CollectedGraph, on device: Device) -> Bool {
        guard items.count == graph.items.count, references == graph.references, leaves[0] == Self.code(of: device)
        else { return false }
        for position in items.indices where items[position] != Self.code(of: graph.items[position]) { return false }
        var next = 1
        for position in graph.leaves.indices {
            guard next < leaves.count, leaves[next] == Self.code(of: graph.leaves[position]) else { return false }
            next += 1
            let value = graph.leaves[position].value
            guard value.node.outputs[value.output].shape.matches(leaves, at: &next) else { return false }
        }
        return next == leaves.count
    }

    static func == (left: PlanKey, right: PlanKey) -> Bool {
        left.hash == right.hash && left.items == right.items && left.references == right.references
            && left.leaves == right.leaves
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// FNV-1a over whole numbers, one multiplication for each of some hundred.
///
/// Swift's hash does more, to guard against keys that somebody chose; here nobody does, and equal hashes are compared number
/// by number.
private struct FNVHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ number: Int) {
        value = (value ^ UInt64(truncatingIfNeeded: number)) &* 0x100_0000_01b3
    }
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

    /// The number of an update's operation, which the update keeps.
    mutating func number(of update: TensorUpdate) -> Int {
        if let number = update.number { return number }
        let number = number(of: update.primitive)
        update.number = number
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
