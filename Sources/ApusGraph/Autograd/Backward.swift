extension Tensor {
    /// Computes the gradients of this tensor by all leaves that it was made of, and adds them to the leaves' `grad`.
    ///
    /// - Parameters:
    ///   - gradient: the gradient of the loss by this tensor, of its shape; 1 for a tensor of one element.
    ///   - retainGraph: keep what the gradients read, so that `backward()` can be called again.
    ///   - createGraph: record the gradients themselves, so that they have gradients.
    ///
    /// A tensor that requires no gradient, or has more than one element and no `gradient`, is an error
    /// (see ``withTensorErrors(_:)``). As in PyTorch, a second call without `retainGraph` is one too.
    public func backward(gradient: Tensor? = nil, retainGraph: Bool = false, createGraph: Bool = false) {
        do {
            let walk = BackwardWalk(retain: retainGraph || createGraph, createGraph: createGraph)
            try walk.run(from: self, gradient: gradient) { leaf, gradient in
                leaf.accumulate(createGraph ? gradient : gradient.detach())
            }
        } catch {
            TensorError.raise(error)
        }
    }

    /// The gradients of this tensor by the given leaves, without touching their `grad` (`torch.autograd.grad`).
    ///
    /// A leaf that this tensor does not depend on gets zeros.
    public func gradients(
        withRespectTo leaves: [Tensor], gradient: Tensor? = nil, createGraph: Bool = false
    ) -> [Tensor] {
        var sums: [ObjectIdentifier: Tensor] = [:]
        do {
            let walk = BackwardWalk(retain: createGraph, createGraph: createGraph)
            try walk.run(from: self, gradient: gradient) { leaf, gradient in
                sums[ObjectIdentifier(leaf)] = sums[ObjectIdentifier(leaf)].map { $0 + gradient } ?? gradient
            }
            return try leaves.map { (tensor) throws(TensorError) in
                guard let leaf = tensor.handle.leaf, leaf.requiresGrad else {
                    throw TensorError(
                        "gradients",
                        "the tensor of shape \(tensor.shape.brackets) is not a leaf that requires a "
                            + "gradient. Make it one with requiringGrad().")
                }
                return sums[ObjectIdentifier(leaf)] ?? .zeros(tensor.shape, dtype: tensor.dtype)
            }
        } catch {
            TensorError.raise(error)
            return leaves.map { .poisoned(like: [$0]) }
        }
    }
}

/// One walk from a result to its leaves, newest step first.
private struct BackwardWalk {
    let retain: Bool
    let createGraph: Bool

    func run(
        from root: Tensor, gradient: Tensor?, deliver: (Leaf, Tensor) -> Void
    ) throws(TensorError) {
        if root.value.node.isPoisoned { return }
        guard let edge = root.handle.edge else {
            throw TensorError(
                "backward", "this tensor does not require a gradient: it was made of constants, or inside noGrad.")
        }
        let seed = try seed(of: root, gradient)
        var cotangents: [ObjectIdentifier: [Tensor?]] = [:]
        func add(_ tensor: Tensor, to edge: GradientEdge) {
            let key = ObjectIdentifier(edge.node)
            let width = max(edge.node.outputSpecs.count, 1)
            var list = cotangents[key] ?? [Tensor?](repeating: nil, count: width)
            list[edge.output] = list[edge.output].map { $0 + tensor } ?? tensor
            cotangents[key] = list
        }
        let failure: TensorError? = withGradientMode(createGraph) {
            add(seed, to: edge)
            for node in reachable(from: edge.node) {
                guard let received = cotangents.removeValue(forKey: ObjectIdentifier(node)) else { continue }
                if let leaf = node.leaf {
                    if let gradient = received[0] { deliver(leaf, gradient) }
                    continue
                }
                let edges = node.edges
                do throws(TensorError) {
                    for (index, gradient) in try node.gradients(received, retain: retain).enumerated() {
                        guard let gradient, let edge = edges[index] else { continue }
                        let expected = node.inputSpecs[index]
                        assert(
                            gradient.shape == expected.shape,
                            "\(node.name): gradient \(index) has shape \(gradient.shape), not \(expected.shape)")
                        add(gradient.dtype == expected.dtype ? gradient : gradient.cast(to: expected.dtype), to: edge)
                    }
                } catch {
                    return error
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private func seed(of root: Tensor, _ gradient: Tensor?) throws(TensorError) -> Tensor {
        guard let gradient else {
            guard root.count == 1 else {
                throw TensorError(
                    "backward",
                    "the gradient of a tensor of shape \(root.shape.brackets) must be given; only for "
                        + "one element it is 1. Reduce the loss with .sum() or .mean(), or pass gradient:.")
            }
            return .ones(root.shape, dtype: root.dtype)
        }
        guard gradient.shape == root.shape else {
            throw TensorError(
                "backward",
                "the gradient has shape \(gradient.shape.brackets), the tensor \(root.shape.brackets). "
                    + "They must be equal.")
        }
        return gradient
    }

    /// All steps that lead to `root`, newest first, found without recursion.
    private func reachable(from root: GradientNode) -> [GradientNode] {
        var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
        var found = [root]
        var next = 0
        while next < found.count {
            for edge in found[next].edges {
                if let node = edge?.node, seen.insert(ObjectIdentifier(node)).inserted { found.append(node) }
            }
            next += 1
        }
        return found.sorted { $0.sequence > $1.sequence }
    }
}
