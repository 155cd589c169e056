/// All steps that lead to a result, and the gradients that have come to them so far.
struct BackwardSteps {
    private struct Step {
        let node: GradientNode
        /// Where in ``gradients`` those of its results begin.
        let first: Int
        /// Whether any has come.
        var isReached = false
    }

    private var steps: [Step] = []
    private var positions = SequenceTable()
    private var gradients: [Tensor?] = []

    /// Finds them without recursion.
    init(behind root: GradientNode) {
        append(root)
        var next = 0
        while next < steps.count {
            for case let edge? in steps[next].node.edges { append(edge.node) }
            next += 1
        }
    }

    private mutating func append(_ node: GradientNode) {
        guard positions.insert(node.sequence, at: steps.count) else { return }
        steps.append(Step(node: node, first: gradients.count))
        for _ in 0..<Self.resultCount(node) { gradients.append(nil) }
    }

    /// A leaf's step has one, its elements.
    private static func resultCount(_ node: GradientNode) -> Int { max(node.outputSpecs.count, 1) }

    subscript(position: Int) -> GradientNode { steps[position].node }

    /// Positions of the steps, in an order in which all gradients of a step's results are known before it.
    var newestFirst: [Int] {
        var order: [(sequence: Int, position: Int)] = []
        order.reserveCapacity(steps.count)
        for position in steps.indices { order.append((steps[position].node.sequence, position)) }
        order.sort { $0.sequence > $1.sequence }
        return order.map(\.position)
    }

    /// Adds to the gradient of a step's result.
    mutating func add(_ gradient: Tensor, to edge: GradientEdge) {
        guard let position = positions[edge.node.sequence] else { return }
        steps[position].isReached = true
        let place = steps[position].first + edge.output
        gradients[place] = gradients[place].map { $0 + gradient } ?? gradient
    }

    /// Takes the gradients of a step's results away; nil where none has come.
    mutating func takeGradients(of position: Int) -> [Tensor?]? {
        guard steps[position].isReached else { return nil }
        let first = steps[position].first
        let count = Self.resultCount(steps[position].node)
        if count == 1 {
            let only = gradients[first]
            gradients[first] = nil
            return [only]
        }
        let taken = Array(gradients[first..<first + count])
        for place in first..<first + count { gradients[place] = nil }
        return taken
    }
}

/// Positions by the steps' sequence numbers: a hash table without removal.
///
/// Each edge of a walk is looked up twice. Swift's dictionaries hash with a key against chosen input, for ten times as many
/// instructions; these numbers are our own counter's.
private struct SequenceTable {
    /// Twice as many as there are entries, at least; a power of two. Sequence numbers begin with 1: 0 is a free place.
    private var entries = [(sequence: Int, position: Int)](repeating: (0, 0), count: 128)
    private var count = 0

    /// Where the entry of a number is, or is to be.
    private func place(of sequence: Int) -> Int {
        // Fibonacci hashing: 2⁶⁴ / φ spreads numbers in a row, and those with a common factor, evenly.
        let mask = entries.count - 1
        var place = Int(truncatingIfNeeded: (UInt(bitPattern: sequence) &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
        while entries[place].sequence != sequence, entries[place].sequence != 0 { place = (place + 1) & mask }
        return place
    }

    subscript(sequence: Int) -> Int? {
        let entry = entries[place(of: sequence)]
        return entry.sequence == sequence ? entry.position : nil
    }

    /// Returns whether the number was not there before.
    mutating func insert(_ sequence: Int, at position: Int) -> Bool {
        let place = place(of: sequence)
        guard entries[place].sequence == 0 else { return false }
        entries[place] = (sequence, position)
        count += 1
        if count * 2 > entries.count { grow() }
        return true
    }

    private mutating func grow() {
        let old = entries
        entries = [(sequence: Int, position: Int)](repeating: (0, 0), count: old.count * 2)
        for entry in old where entry.sequence != 0 { entries[place(of: entry.sequence)] = entry }
    }
}
