import ApusGraph
import ApusPlan

/// Joins the gradient of an average pooling with that of the activation before it, where the backend has a kernel that
/// never stores what lies between.
struct FusePoolGradient: Pass {
    let name = "fuse pooling and activation gradients"
    let backends: [any Backend]

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        let consumers = graph.consumers()
        var removed = Set<Int>()
        for index in graph.steps.indices {
            let step = graph.steps[index]
            guard let pointwise = step.primitive as? Pointwise,
                let activation = Activation(gradient: pointwise.function), step.inputs[0] != step.inputs[1],
                let producer = producers[step.inputs[1]], uses[step.inputs[1]] == 1,
                let gradient = graph.steps[producer].primitive as? AveragePoolGradient,
                graph.values[step.inputs[0]].spec == graph.values[step.inputs[1]].spec
            else { continue }
            let fused = FusedAveragePoolGradient(gradient, activation)
            let inputs = [step.inputs[0]] + graph.steps[producer].inputs
            let description = graph.description(
                of: fused, inputs: inputs, outputs: step.outputs, consumers: consumers)
            guard backends.first?.canFuse(description) == true else { continue }
            graph.steps[index].primitive = fused
            graph.steps[index].inputs = inputs
            graph.steps[index].modulePath = graph.steps[producer].modulePath ?? step.modulePath
            removed.insert(producer)
        }
        graph.steps = graph.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }
}
