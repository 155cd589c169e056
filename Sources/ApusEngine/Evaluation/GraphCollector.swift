import ApusGraph
import ApusPlan
import Synchronization

/// The pending work behind some values, in an order in which it can run, and the finished tensors that it reads.
struct CollectedGraph {
    struct Item {
        let node: Node
        let primitive: any Primitive
        let inputs: [Reference]
        /// Bits of the results that somebody holds.
        var heldOutputs: UInt8
    }

    enum Reference: Hashable {
        /// A result of an earlier item.
        case item(Int, output: Int)
        /// A finished tensor, by its position in ``leaves``.
        case leaf(Int)
    }

    struct Leaf {
        let value: Value
        /// Whether nobody reads this tensor after the plan.
        var isDonated = false
    }

    var items: [Item] = []
    var leaves: [Leaf] = []
}

extension CollectedGraph {
    private static let walks = Atomic<Int>(0)

    /// A pending node while it is being collected.
    private struct Entry {
        let node: Node
        let primitive: any Primitive
        let inputs: [Value]
    }

    /// Collects all pending nodes that `targets` need.
    ///
    /// Throws where a node's computation failed earlier.
    init(targets: [Node]) throws {
        let walk = Self.walks.add(1, ordering: .relaxed).newValue
        var leafNodes: [(node: Node, slots: SIMD4<Int>, uses: Int)] = []
        var entries: [Entry] = []
        // Positions of entries, each after those that it reads.
        var order: [Int] = []
        // Depth first without recursion: an entry is done once its inputs are.
        var stack: [(entry: Int, next: Int)] = []

        func push(_ node: Node) throws {
            switch node.work {
            case .pending(let primitive, let inputs):
                node.setIndex(-1, in: walk)
                stack.append((entries.count, 0))
                entries.append(Entry(node: node, primitive: primitive, inputs: inputs))
            case .evaluated:
                // Finished nodes get numbers below −1.
                node.setIndex(-2 - leafNodes.count, in: walk)
                leafNodes.append((node, SIMD4(repeating: -1), 0))
            case .poisoned:
                throw TensorError("evaluate", "an operand could not be computed before; see the first error.")
            }
        }

        for target in targets where target.index(in: walk) == nil {
            try push(target)
            while let top = stack.last {
                if top.next < entries[top.entry].inputs.count {
                    stack[stack.count - 1].next += 1
                    let input = entries[top.entry].inputs[top.next].node
                    if input.index(in: walk) == nil { try push(input) }
                } else {
                    stack.removeLast()
                    entries[top.entry].node.setIndex(order.count, in: walk)
                    order.append(top.entry)
                }
            }
        }

        var uses = [Int](repeating: 0, count: order.count)
        items.reserveCapacity(order.count)
        for position in order {
            let entry = entries[position]
            let references = entry.inputs.map { input -> Reference in
                let index = input.node.index(in: walk) ?? 0
                if index >= 0 {
                    uses[index] += 1
                    return .item(index, output: input.output)
                }
                let position = -2 - index
                leafNodes[position].uses += 1
                if leafNodes[position].slots[input.output] < 0 {
                    leafNodes[position].slots[input.output] = leaves.count
                    leaves.append(Leaf(value: input))
                }
                return .leaf(leafNodes[position].slots[input.output])
            }
            items.append(
                Item(
                    node: entry.node, primitive: entry.primitive, inputs: references,
                    heldOutputs: entry.node.heldOutputs))
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
        for item in graph.items {
            code.append(primitives.number(of: item.primitive))
            code.append(item.inputs.count << 8 | Int(item.heldOutputs))
            for input in item.inputs {
                switch input {
                case .item(let index, let output): code.append((index << 2 | output) << 1)
                case .leaf(let index): code.append(index << 1 | 1)
                }
            }
        }
        self.code = code
    }
}

/// Numbers for primitives, so that comparing two keys compares integers only.
struct PrimitiveNumbers {
    private var numbers: [PrimitiveKey: Int] = [:]
    private var next = 0

    /// A program that slices at ever new positions makes ever new primitives; old numbers are forgotten then, and are
    /// never given again.
    private static let bound = 1 << 16

    mutating func number(of primitive: any Primitive) -> Int {
        let key = PrimitiveKey(primitive: primitive)
        if let number = numbers[key] { return number }
        if numbers.count >= Self.bound { numbers.removeAll() }
        next += 1
        numbers[key] = next
        return next
    }
}
