import ApusGraph
import ApusPlan

/// What makes two computations the same: their structure, attributes, shapes and types, and what outlives them.
struct PlanKey: Hashable {
    private let code: [Int]
    private let hash: UInt64

    init(_ graph: CollectedGraph, on device: Device) {
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
            code.append(graph.items[position].primitive)
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
