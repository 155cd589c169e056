import ApusGraph
import ApusPlan

/// Joins batch norm with the ReLU behind it, and with a sum between the two, and its gradient with ReLU's, where nobody
/// else reads what lies between.
struct FuseBatchNormalization: Pass {
    let name = "fuse batch norm and relu"
    let backends: [any Backend]

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        let consumers = graph.consumers()
        /// The step that makes a value which only one step reads.
        func producer(of value: PlanGraph.ValueID) -> Int? { uses[value] == 1 ? producers[value] : nil }
        var removed = Set<Int>()
        for index in graph.steps.indices {
            let step = graph.steps[index]
            if (step.primitive as? Pointwise)?.function == .relu {
                guard let chain = chain(behind: step, graph, producer) else { continue }
                let norm = graph.steps[chain.norm]
                guard let primitive = norm.primitive as? BatchNormalization else { continue }
                let fused = FusedBatchNormalization(primitive, addsInput: chain.addend != nil)
                let inputs = norm.inputs + (chain.addend.map { [$0] } ?? [])
                let outputs = step.outputs + norm.outputs.dropFirst()
                guard canFuse(fused, inputs, outputs, graph, consumers),
                    !graph.anyOf(chain.addend.map { [$0] } ?? [], dependsOnAnyOf: norm.outputs, producers)
                else { continue }
                graph.steps[index].primitive = fused
                graph.steps[index].inputs = inputs
                graph.steps[index].outputs = outputs
                graph.steps[index].modulePath = norm.modulePath
                removed.formUnion(chain.steps)
            } else if let gradient = step.primitive as? BatchNormalizationGradient,
                let relu = producer(of: step.inputs[0]),
                (graph.steps[relu].primitive as? Pointwise)?.function == .reluGradient
            {
                let (result, dy) = (graph.steps[relu].inputs[0], graph.steps[relu].inputs[1])
                let shape = graph.values[step.inputs[1]].spec.shape
                guard graph.values[result].spec.shape == shape, graph.values[dy].spec.shape == shape else { continue }
                let fused = FusedBatchNormalizationGradient(gradient)
                let inputs = [dy] + step.inputs.dropFirst() + [result]
                guard canFuse(fused, inputs, step.outputs, graph, consumers) else { continue }
                graph.steps[index].primitive = fused
                graph.steps[index].inputs = inputs
                removed.insert(relu)
            }
        }
        graph.steps = graph.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        // The fused step makes the statistics later than the norm did.
        graph.sortSteps()
    }

    /// A batch norm in front of a ReLU, the tensor that is added between them, and the steps that go.
    private func chain(
        behind relu: PlanGraph.Step, _ graph: PlanGraph, _ producer: (PlanGraph.ValueID) -> Int?
    ) -> (norm: Int, addend: PlanGraph.ValueID?, steps: [Int])? {
        guard let first = producer(relu.inputs[0]) else { return nil }
        if graph.steps[first].primitive is BatchNormalization, graph.steps[first].outputs[0] == relu.inputs[0] {
            return (first, nil, [first])
        }
        guard (graph.steps[first].primitive as? Pointwise)?.function == .add else { return nil }
        let operands = graph.steps[first].inputs
        for (value, other) in [(operands[0], operands[1]), (operands[1], operands[0])] where value != other {
            guard let norm = producer(value), graph.steps[norm].primitive is BatchNormalization,
                graph.steps[norm].outputs[0] == value,
                graph.values[other].spec.shape == graph.values[value].spec.shape
            else { continue }
            return (norm, other, [first, norm])
        }
        return nil
    }

    private func canFuse(
        _ primitive: any Primitive, _ inputs: [PlanGraph.ValueID], _ outputs: [PlanGraph.ValueID],
        _ graph: PlanGraph, _ consumers: [[Int]]
    ) -> Bool {
        let step = graph.description(of: primitive, inputs: inputs, outputs: outputs, consumers: consumers)
        return backends.first?.canFuse(step) == true
    }
}
