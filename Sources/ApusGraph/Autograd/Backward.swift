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
            try walk.run(from: self, gradient: gradient) { node, received in
                guard let leaf = node.leaf, let gradient = received.first else { return }
                leaf.accumulate(createGraph ? gradient : gradient.detach())
            }
        } catch {
            TensorError.raise(error)
        }
    }

    /// The gradients of this tensor by the given tensors, without touching any `grad` (`torch.autograd.grad`).
    ///
    /// The tensors are leaves, or results on the way from leaves to this one, such as a layer's activations. One that
    /// this tensor does not depend on gets zeros.
    ///
    /// - Parameters:
    ///   - tensors: what to differentiate by; each requires a gradient.
    ///   - gradient: the gradient of the loss by this tensor, of its shape; 1 for a tensor of one element.
    ///   - createGraph: record the gradients themselves, so that they have gradients.
    public func gradients(
        withRespectTo tensors: [Tensor], gradient: Tensor? = nil, createGraph: Bool = false
    ) -> [Tensor] {
        do {
            let sources = try tensors.map { (tensor) throws(TensorError) in
                guard let edge = tensor.handle.edge else {
                    throw TensorError(
                        "gradients",
                        "the tensor of shape \(tensor.shape.brackets) requires no gradient: it is a constant, or was "
                            + "made of constants or inside noGrad. Make a leaf of a constant with requiringGrad().")
                }
                return GradientSource(edge)
            }
            let wanted = Set(sources)
            var sums: [GradientSource: Tensor] = [:]
            let walk = BackwardWalk(retain: createGraph, createGraph: createGraph)
            try walk.run(from: self, gradient: gradient) { node, received in
                for output in 0...received.others.count {
                    guard let gradient = received[output] else { continue }
                    let source = GradientSource(GradientEdge(node, output))
                    guard wanted.contains(source) else { continue }
                    sums[source] = sums[source].map { $0 + gradient } ?? gradient
                }
            }
            return zip(tensors, sources).map { sums[$1] ?? .zerosLike($0) }
        } catch {
            TensorError.raise(error)
            return tensors.map { .poisoned(like: [$0]) }
        }
    }
}

/// What a gradient is taken by: a leaf, or one result of a recorded step.
private struct GradientSource: Hashable {
    private let identity: ObjectIdentifier
    private let output: Int

    init(_ edge: GradientEdge) {
        // Each use of a leaf has a step of its own.
        identity = edge.node.leaf.map { ObjectIdentifier($0) } ?? ObjectIdentifier(edge.node)
        output = edge.output
    }
}

/// One walk from a result to its leaves, newest step first.
private struct BackwardWalk {
    let retain: Bool
    let createGraph: Bool

    /// `reached` is told each step that gradients lead to, with the gradients of its results; of a leaf the first.
    func run(
        from root: Tensor, gradient: Tensor?, reached: (GradientNode, Cotangents) -> Void
    ) throws(TensorError) {
        if root.value.node.isPoisoned { return }
        guard let edge = root.handle.edge else {
            throw TensorError(
                "backward", "this tensor does not require a gradient: it was made of constants, or inside noGrad.")
        }
        let seed = try seed(of: root, gradient)
        var steps = BackwardSteps(behind: edge.node)
        steps.begin(with: seed, at: edge.output)
        let failure = withGradientMode(createGraph) { walk(&steps, reached) }
        if let failure { throw failure }
    }

    /// Goes through the steps; returns the error of one that was walked before.
    private func walk(_ steps: inout BackwardSteps, _ reached: (GradientNode, Cotangents) -> Void) -> TensorError? {
        for position in steps.newestFirst {
            guard let received = steps.takeGradients(of: position) else { continue }
            let node = steps[position]
            reached(node, received)
            if node.isAccumulator { continue }
            let gradients: [Tensor?]
            do throws(TensorError) {
                gradients = try node.gradients(received, retain: retain)
            } catch {
                return error
            }
            for index in gradients.indices {
                guard let gradient = gradients[index], steps.leadsOn(fromInput: index, of: position) else { continue }
                let dtype = node.inputSpecs[index].dtype
                assert(
                    gradient.shape == node.inputSpecs[index].shape,
                    "\(node.name): gradient \(index) has shape \(gradient.shape), not \(node.inputSpecs[index].shape)")
                steps.add(gradient.dtype == dtype ? gradient : gradient.cast(to: dtype), toInput: index, of: position)
            }
        }
        return nil
    }

    private func seed(of root: Tensor, _ gradient: Tensor?) throws(TensorError) -> Tensor {
        guard let gradient else {
            guard root.count == 1 else {
                throw TensorError(
                    "backward",
                    "the gradient of a tensor of shape \(root.shape.brackets) must be given; only for "
                        + "one element it is 1. Reduce the loss with .sum() or .mean(), or pass gradient:.")
            }
            return .onesLike(root)
        }
        guard gradient.shape == root.shape else {
            throw TensorError(
                "backward",
                "the gradient has shape \(gradient.shape.brackets), the tensor \(root.shape.brackets). "
                    + "They must be equal.")
        }
        return gradient
    }
}
