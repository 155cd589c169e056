/// All steps that lead to a result, and the gradients that have come to them so far.
struct BackwardSteps {
    private struct Step {
        let node: GradientNode
        /// Where in ``gradients`` those of its results begin.
        let first: Int32
        /// Where in ``targets`` its inputs begin, once they were looked at.
        var firstTarget: Int32 = 0
        /// Whether any gradient has come.
        var isReached = false
    }

    /// Where the gradient of a step's input goes: a step and a place in ``gradients``, or nowhere.
    private struct Target {
        let position: Int32
        let place: Int32

        static let nowhere = Target(position: -1, place: -1)
    }

    private var steps: [Step] = []
    private var targets: [Target] = []
    private var gradients: [Tensor?] = []

    /// Finds them without recursion.
    init(behind root: GradientNode) {
        var positions = SequenceTable()
        // A small network's steps, in less than 1024 bytes each (see ``SequenceTable``); lists of more grow.
        steps.reserveCapacity(40)
        targets.reserveCapacity(96)
        gradients.reserveCapacity(96)
        _ = append(root, &positions)
        var next = 0
        while next < steps.count {
            let node = steps[next].node
            steps[next].firstTarget = Int32(targets.count)
            let edges = node.edges
            for index in edges.indices {
                guard let edge = edges[index] else {
                    targets.append(.nowhere)
                    continue
                }
                let position = append(edge.node, &positions)
                targets.append(
                    Target(position: Int32(position), place: steps[position].first + Int32(edge.output)))
            }
            next += 1
        }
    }

    private mutating func append(_ node: GradientNode, _ positions: inout SequenceTable) -> Int {
        let (position, isNew) = positions.position(of: node.sequence)
        if isNew {
            steps.append(Step(node: node, first: Int32(gradients.count)))
            for _ in 0..<Self.resultCount(node) { gradients.append(nil) }
        }
        return position
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

    /// Sets the gradient of the result from which the walk begins: that of the first step.
    mutating func begin(with gradient: Tensor, at output: Int) {
        add(gradient, Target(position: 0, place: Int32(output)))
    }

    /// Whether the gradient of a step's input goes anywhere.
    func leadsOn(fromInput index: Int, of position: Int) -> Bool {
        targets[Int(steps[position].firstTarget) + index].position >= 0
    }

    /// Adds to the gradient of what a step has as an input.
    mutating func add(_ gradient: Tensor, toInput index: Int, of position: Int) {
        add(gradient, targets[Int(steps[position].firstTarget) + index])
    }

    private mutating func add(_ gradient: Tensor, _ target: Target) {
        steps[Int(target.position)].isReached = true
        let place = Int(target.place)
        gradients[place] = gradients[place].map { $0 + gradient } ?? gradient
    }

    /// Takes the gradients of a step's results away; nil where none has come.
    mutating func takeGradients(of position: Int) -> Cotangents? {
        guard steps[position].isReached else { return nil }
        let first = Int(steps[position].first)
        var taken = Cotangents(first: gradients[first].take())
        for place in first + 1..<first + Self.resultCount(steps[position].node) {
            taken.others.append(gradients[place].take())
        }
        return taken
    }
}

/// Positions by the steps' sequence numbers: a hash table without removal.
///
/// Each edge of a walk is looked up. Swift's dictionaries hash with a key against chosen input, for ten times as many
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

    /// The position of a number: the next one where it has none yet.
    mutating func position(of sequence: Int) -> (position: Int, isNew: Bool) {
        let place = place(of: sequence)
        guard places[place] == 0 else { return (Int(places[place]) - 1, false) }
        sequences.append(sequence)
        places[place] = Int32(sequences.count)
        if sequences.count * 2 > places.count { grow() }
        return (sequences.count - 1, true)
    }

    private mutating func grow() {
        let count = places.count * 2
        places = [Int32](repeating: 0, count: count)
        for position in sequences.indices { places[place(of: sequences[position])] = Int32(position + 1) }
    }
}
