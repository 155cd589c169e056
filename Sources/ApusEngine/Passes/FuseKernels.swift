import ApusGraph
import ApusPlan

/// Joins convolutions and matrix products with the bias and activation that follow them, where nobody else reads what
/// lies between.
struct FuseKernels: Pass {
    let name = "fuse bias and activation"

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        var removed = Set<Int>()
        for index in graph.steps.indices {
            guard let pointwise = graph.steps[index].primitive as? Pointwise else { continue }
            let step = graph.steps[index]
            guard let producer = producers[step.inputs[0]], uses[step.inputs[0]] == 1,
                let fused = fuse(graph.steps[producer].primitive, pointwise, step, graph)
            else { continue }
            graph.steps[index].primitive = fused
            graph.steps[index].inputs = graph.steps[producer].inputs + step.inputs.dropFirst()
            graph.steps[index].modulePath = graph.steps[producer].modulePath ?? step.modulePath
            removed.insert(producer)
        }
        graph.steps = graph.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }

    private func fuse(
        _ producer: any Primitive, _ pointwise: Pointwise, _ step: PlanGraph.Step, _ graph: PlanGraph
    ) -> (any Primitive)? {
        guard graph.values[step.outputs[0]].spec.dtype == .float32 else { return nil }
        if let activation = Activation(pointwise.function) {
            switch producer {
            case let convolution as Convolution: return FusedConvolution(convolution, activation)
            case let matmul as MatMul: return FusedMatMul(matmul, hasBias: false, activation: activation)
            case let matmul as FusedMatMul where matmul.activation == nil:
                return FusedMatMul(matmul.matmul, hasBias: matmul.hasBias, activation: activation)
            default: return nil
            }
        }
        if pointwise.function == .add, let matmul = producer as? MatMul, step.inputs[0] != step.inputs[1] {
            let product = graph.values[step.inputs[0]].spec.shape
            let bias = graph.values[step.inputs[1]].spec.shape
            let result = graph.values[step.outputs[0]].spec.shape
            if bias == [product[-1]], result == product, product.elementCount > 0 {
                return FusedMatMul(matmul, hasBias: true, activation: nil)
            }
        }
        return nil
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
