/// New elements for a leaf and for tensors that are kept beside it, computed from what they are: an optimizer's update of
/// one parameter.
///
/// The leaf's elements and those tensors are the results of one finished node. Where nobody else holds them, the engine
/// gives the node the new elements, and no tensor is made; else ``replacement`` takes their place. An update serves for
/// many steps, each of which calls ``prepare(gradient:shared:)`` and ``clear()``.
public final class TensorUpdate {
    /// The operation. Its results are those of ``node``, in order.
    public let primitive: any Primitive
    /// What tells the operation from others.
    public let identity: ObjectIdentifier
    public let leaf: Leaf
    /// What holds the elements so far; its first result is the leaf's.
    public let node: Node
    /// The operands before the shared ones: the leaf's elements, the gradient, in whose place the elements stand outside
    /// of a step, and others.
    public private(set) var operands: [Value]
    /// The last operands, which the updates of many leaves share.
    public private(set) var shared: [Value] = []
    /// The new tensors, the leaf's first; nil where the node itself was given the elements.
    public private(set) var replacement: [Tensor]?
    /// The operation's number among those that the engine has met.
    public var number: Int?
    private var isInPlace = false

    /// - Parameters:
    ///   - primitive: the operation, which reads the leaf's elements, the gradient, other tensors and the shared ones, in
    ///     this order.
    ///   - identity: what tells the operation from others.
    ///   - leaf: what is updated.
    ///   - node: the finished node whose results are the leaf's elements and what is kept beside them.
    ///   - others: the operands behind the gradient, among which are the node's further results.
    public init(
        _ primitive: any Primitive, identity: ObjectIdentifier, of leaf: Leaf, in node: Node, others: [Value]
    ) {
        (self.primitive, self.identity, self.leaf, self.node) = (primitive, identity, leaf, node)
        operands = [Value(node, 0), Value(node, 0)] + others
    }

    /// Takes in what belongs to one step: the gradient and the last operands.
    public func prepare(gradient: Value, shared: [Value]) {
        operands[1] = gradient
        self.shared = shared
    }

    /// Lets go of what belongs to one step, so that it is not kept.
    public func clear() {
        operands[1] = operands[0]
        replacement = nil
    }
}

// MARK: - For the engine

extension TensorUpdate {
    /// Begins to change the elements where they are, if nobody else can see it; returns whether they are changed so.
    ///
    /// From then until the end the node counts as pending: who reads it waits for the engine. To be called, as the other
    /// two, within the engine's lock.
    ///
    /// - Parameter uses: how often the plan itself reads the node for something else.
    public func begin(readBy uses: Int) -> Bool {
        let begins = leaf.beginUpdate(of: node, readBy: uses)
        isInPlace = begins
        return begins
    }

    /// Ends the update with new elements.
    public func end(_ results: Node.Results) {
        if isInPlace {
            node.endUpdate(results)
        } else {
            let made = Node(results, node.outputs)
            replacement = node.outputs.indices.map { Tensor(Value(made, $0)) }
        }
    }

    /// Ends an update that could not be computed.
    public func cancel() { if isInPlace { node.cancelUpdate() } }
}
