import ApusGraph
import ApusPlan

/// Joins a convolution with the max-pooling that follows it, and with the activation behind that, where the backend has
/// a kernel that never stores the convolution's own result.
struct FuseConvolutionPool: Pass {
    let name = "fuse convolution and pooling"
    let backends: [any Backend]

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        let consumers = graph.consumers()
        var removed = Set<Int>()
        for index in graph.steps.indices {
            let step = graph.steps[index]
            guard let pool = step.primitive as? MaxPool, let producer = producers[step.inputs[0]],
                let convolution = graph.steps[producer].primitive as? Convolution, uses[step.inputs[0]] == 1
            else { continue }
            var fused = FusedConvolutionPool(convolution, pool, nil)
            var outputs = step.outputs
            var last: Int?
            if uses[outputs[0]] == 1, let reader = consumers[outputs[0]].first,
                let pointwise = graph.steps[reader].primitive as? Pointwise,
                let activation = Activation(pointwise.function)
            {
                fused = FusedConvolutionPool(convolution, pool, activation)
                outputs[0] = graph.steps[reader].outputs[0]
                last = reader
            }
            let inputs = graph.steps[producer].inputs
            let description = graph.description(of: fused, inputs: inputs, outputs: outputs, consumers: consumers)
            guard backends.first?.canFuse(description) == true else { continue }
            graph.steps[index].primitive = fused
            graph.steps[index].inputs = inputs
            graph.steps[index].outputs = outputs
            graph.steps[index].modulePath = graph.steps[producer].modulePath
            removed.insert(producer)
            if let last { removed.insert(last) }
        }
        graph.steps = graph.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }
}
