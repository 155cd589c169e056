import ApusGraph

/// The pending copies from device to device behind some values.
enum PendingTransfers {
    /// The copies that `targets` wait for, each after those that it waits for itself.
    ///
    /// Throws where an operand could not be computed before.
    static func behind(_ targets: [Node]) -> [(node: Node, source: Value)] {
        var seen: Set<ObjectIdentifier> = []
        var found: [(node: Node, source: Value)] = []
        // Depth first without recursion; a node is looked at again once its inputs are done.
        var stack: [(node: Node, isDone: Bool)] = targets.reversed().map { ($0, false) }
        while let (node, isDone) = stack.popLast() {
            guard case .pending(let primitive, let inputs) = node.work else { continue }
            if isDone {
                found.append((node, inputs[0]))
            } else if seen.insert(ObjectIdentifier(node)).inserted {
                if primitive is Transfer { stack.append((node, true)) }
                for input in inputs.reversed() { stack.append((input.node, false)) }
            }
        }
        return found
    }
}
