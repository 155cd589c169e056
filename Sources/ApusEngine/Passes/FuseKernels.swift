import ApusGraph
import ApusPlan

/// Joins convolutions and matrix products with the bias, the sum and the activation that follow them, where nobody else
/// reads what lies between.
///
/// A convolution takes the sum with any tensor of its result's shape, as at the end of a residual block: relu(conv(x) + z).
/// Of two convolutions that are added up, the later one takes the sum.
struct FuseKernels: Pass {
    let name = "fuse bias, sum and activation"

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        var removed = Set<Int>()
        /// The step of each value that only one step reads. A step that has joined a later one stands there.
        func producer(of value: PlanGraph.ValueID) -> Int? { uses[value] == 1 ? producers[value] : nil }
        for index in graph.steps.indices {
            let step = graph.steps[index]
            guard let pointwise = step.primitive as? Pointwise,
                let (fused, inputs, producer) = fuse(pointwise, step, graph, producer)
            else { continue }
            graph.steps[index].primitive = fused
            graph.steps[index].inputs = inputs
            graph.steps[index].modulePath = graph.steps[producer].modulePath ?? step.modulePath
            removed.insert(producer)
        }
        graph.steps = graph.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }

    /// What a step becomes with the step that it joins, and its inputs then.
    private typealias Fusion = (primitive: any Primitive, inputs: [PlanGraph.ValueID], producer: Int)

    private func fuse(
        _ pointwise: Pointwise, _ step: PlanGraph.Step, _ graph: PlanGraph, _ producer: (PlanGraph.ValueID) -> Int?
    ) -> Fusion? {
        guard graph.values[step.outputs[0]].spec.dtype == .float32 else { return nil }
        if let activation = Activation(pointwise.function) {
            guard let index = producer(step.inputs[0]), let fused = activated(graph.steps[index].primitive, activation)
            else { return nil }
            return (fused, graph.steps[index].inputs, index)
        }
        guard pointwise.function == .add, step.inputs[0] != step.inputs[1] else { return nil }
        return biased(step, graph, producer) ?? residual(step, graph, producer)
    }

    private func activated(_ producer: any Primitive, _ activation: Activation) -> (any Primitive)? {
        switch producer {
        case let convolution as Convolution: FusedConvolution(convolution, activation)
        case let fused as FusedConvolution where fused.activation == nil:
            FusedConvolution(fused.convolution, addsInput: fused.addsInput, activation)
        case let matmul as MatMul: FusedMatMul(matmul, hasBias: false, activation: activation)
        case let matmul as FusedMatMul where matmul.activation == nil:
            FusedMatMul(matmul.matmul, hasBias: matmul.hasBias, activation: activation)
        default: nil
        }
    }

    /// A matrix product with a bias.
    private func biased(
        _ step: PlanGraph.Step, _ graph: PlanGraph, _ producer: (PlanGraph.ValueID) -> Int?
    ) -> Fusion? {
        guard let index = producer(step.inputs[0]), let matmul = graph.steps[index].primitive as? MatMul
        else { return nil }
        let product = graph.values[step.inputs[0]].spec.shape
        let bias = graph.values[step.inputs[1]].spec.shape
        let result = graph.values[step.outputs[0]].spec.shape
        guard bias == [product[-1]], result == product, product.elementCount > 0 else { return nil }
        return (
            FusedMatMul(matmul, hasBias: true, activation: nil), graph.steps[index].inputs + [step.inputs[1]], index
        )
    }

    /// A convolution and a tensor that is added to it, in either order. Nothing that the tensor is computed from reads the
    /// convolution, which only the sum reads: no circle arises.
    ///
    /// Factors of a lower precision have layouts of their own on a GPU; their sums stay steps of their own.
    private func residual(
        _ step: PlanGraph.Step, _ graph: PlanGraph, _ producer: (PlanGraph.ValueID) -> Int?
    ) -> Fusion? {
        let specs = step.inputs.map { graph.values[$0].spec }
        guard specs[0] == specs[1] else { return nil }
        let candidates = [(0, 1), (1, 0)].compactMap { (own, other) -> Fusion? in
            guard let index = producer(step.inputs[own]),
                let convolution = graph.steps[index].primitive as? Convolution, convolution.precision == .full
            else { return nil }
            let fused = FusedConvolution(convolution, addsInput: true, nil)
            return (fused, graph.steps[index].inputs + [step.inputs[other]], index)
        }
        return candidates.max { $0.producer < $1.producer }
    }
}

/// Joins log-softmax with the negative log-likelihood that reads it, and their gradients.
struct FuseCrossEntropy: Pass {
    let name = "fuse softmax and cross-entropy"

    func run(_ graph: inout PlanGraph) {
        var producers = graph.producers()
        var uses = graph.useCounts()
        for index in graph.steps.indices {
            let step = graph.steps[index]
            guard let first = step.inputs.first else { continue }
            if let loss = step.primitive as? NegativeLogLikelihood, let producer = producers[first],
                let softmax = graph.steps[producer].primitive as? Softmax, softmax.isLogarithm, softmax.dimension == 1,
                graph.steps[producer].outputs == [first], graph.values[first].spec.dtype == .float32,
                !graph.anyOf(Array(step.inputs.dropFirst()), dependsOn: first, producers)
            {
                // The softmax step goes; this one makes its result too.
                graph.steps[index].primitive = SoftmaxCrossEntropy(loss)
                graph.steps[index].inputs = graph.steps[producer].inputs + step.inputs.dropFirst()
                graph.steps[index].outputs = [first] + step.outputs
                graph.steps[producer].outputs = [graph.addValue(graph.values[first].spec)]
                uses.append(0)
                producers[first] = index
            }
            if let gradient = step.primitive as? SoftmaxGradient, gradient.softmax.isLogarithm,
                gradient.softmax.dimension == 1, let producer = producers[step.inputs[1]],
                let loss = graph.steps[producer].primitive as? NegativeLogLikelihoodGradient,
                uses[step.inputs[1]] == 1, graph.values[first].spec.dtype == .float32
            {
                graph.steps[index].primitive = SoftmaxCrossEntropyGradient(loss.loss)
                graph.steps[index].inputs = [first] + graph.steps[producer].inputs
            }
        }
        graph.removeDeadSteps()
        graph.sortSteps()
    }
}

extension PlanGraph {
    /// Whether one of the values is computed from another one, or is it.
    fileprivate func anyOf(_ values: [ValueID], dependsOn ancestor: ValueID, _ producers: [Int?]) -> Bool {
        anyOf(values, dependsOnAnyOf: [ancestor], producers)
    }

    /// Whether one of the values is computed from some others, or is one of them.
    func anyOf(_ values: [ValueID], dependsOnAnyOf ancestors: [ValueID], _ producers: [Int?]) -> Bool {
        var seen = Set<ValueID>()
        var stack = values
        while let value = stack.popLast() {
            if ancestors.contains(value) { return true }
            guard seen.insert(value).inserted, value < producers.count, let producer = producers[value]
            else { continue }
            stack += steps[producer].inputs
        }
        return false
    }
}
