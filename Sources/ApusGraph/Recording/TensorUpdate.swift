/// New elements for a leaf and for tensors that are kept beside it, computed from what they are: an optimizer's update of
/// one parameter.
///
/// The leaf's elements and those tensors are the results of one finished node. Where nobody else holds them, the engine
/// gives the node the new elements, and no tensor is made; else ``replacement`` takes their place. An update serves for
/// many steps: only ``gradient`` and ``shared`` are set anew.
public final class TensorUpdate {
    /// The operation. Its results are those of ``node``, in order.
    public let primitive: any Primitive
    public let leaf: Leaf
    /// What holds the elements so far; its first result is the leaf's.
    public let node: Node
    /// The operands before and behind the gradient.
    private let first: Value
    private let others: [Value]
    /// The gradient; nil outside of a step, so that it is not kept.
    public var gradient: Value?
    /// The last operands, which the updates of many leaves share.
    public var shared: [Value] = []
    /// The new tensors, the leaf's first; nil where the node itself was given the elements.
    public private(set) var replacement: [Tensor]?
    private var isInPlace = false

    /// - Parameters:
    ///   - primitive: the operation, which reads the leaf's elements, the gradient, other tensors and the shared ones, in
    ///     this order.
    ///   - leaf: what is updated.
    ///   - node: the finished node whose results are the leaf's elements and what is kept beside them.
    ///   - others: the operands behind the gradient, among which are the node's further results.
    public init(_ primitive: any Primitive, of leaf: Leaf, in node: Node, others: [Value]) {
        (self.primitive, self.leaf, self.node, self.others) = (primitive, leaf, node, others)
        first = Value(node, 0)
    }

    /// Lets go of what belongs to one step.
    public func clear() { (gradient, replacement) = (nil, nil) }
}

// MARK: - For the engine

extension TensorUpdate {
    /// Runs `body` with each operand before the shared ones; throws where there is no gradient.
    public func forEachOperand(_ body: (Value) throws -> Void) throws {
        guard let gradient else { throw TensorError("update", "there is no gradient; this is an error of the optimizer.") }
        try body(first)
        try body(gradient)
        for index in others.indices { try body(others[index]) }
    }

    /// Begins to change the elements where they are, if nobody else can see it; returns whether they are changed so.
    ///
    /// From then until the end the node counts as pending: who reads it waits for the engine. To be called, as the other
    /// two, within the engine's lock.
    ///
    /// - Parameter uses: how often the plan itself reads the node for something else.
    public func begin(readBy uses: Int) -> Bool {
        isInPlace = leaf.beginUpdate(of: node, readBy: uses)
        return isInPlace
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
