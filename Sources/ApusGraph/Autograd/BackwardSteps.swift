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
        guard positions.append(node.sequence) else { return }
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
    /// By position.
    private var sequences: [Int] = []
    /// Positions, one added, by hash; 0 is free. Twice as many as there are numbers, at least, and a power of two. In 32
    /// bits, because blocks of 1024 bytes and more make glibc tidy up its small ones first.
    private var places = [Int32](repeating: 0, count: 128)

    /// Where the position of a number is, or is to be.
    private func place(of sequence: Int) -> Int {
        // Fibonacci hashing: 2⁶⁴ / φ spreads numbers in a row, and those with a common factor, evenly.
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: (UInt(bitPattern: sequence) &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
        while places[place] != 0, sequences[Int(places[place]) - 1] != sequence { place = (place + 1) & mask }
        return place
    }

    subscript(sequence: Int) -> Int? {
        let found = places[place(of: sequence)]
        return found == 0 ? nil : Int(found) - 1
    }

    /// Gives a number the next position; returns false where it has one.
    mutating func append(_ sequence: Int) -> Bool {
        let place = place(of: sequence)
        guard places[place] == 0 else { return false }
        sequences.append(sequence)
        places[place] = Int32(sequences.count)
        if sequences.count * 2 > places.count { grow() }
        return true
    }

    private mutating func grow() {
        let count = places.count * 2
        places = [Int32](repeating: 0, count: count)
        for position in sequences.indices { places[place(of: sequences[position])] = Int32(position + 1) }
    }
}
