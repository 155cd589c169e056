import ApusGraph
import ApusPlan

/// Joins a reduction with the elementwise chain that makes its input, where nobody else reads that input and the
/// backend has a kernel for both.
struct FuseReductions: Pass {
    let name = "fuse reductions"
    let backends: [any Backend]

    func run(_ graph: inout PlanGraph) {
        let uses = graph.useCounts()
        let producers = graph.producers()
        let consumers = graph.consumers()
        var joined = Set<Int>()
        for index in graph.steps.indices {
            let step = graph.steps[index]
            guard let reduction = step.primitive as? Reduction, let producer = producers[step.inputs[0]],
                !joined.contains(producer), uses[step.inputs[0]] == 1,
                let pointwise = graph.steps[producer].primitive as? FusedPointwise, pointwise.shapes.count == 1,
                let reduced = graph.steps[producer].outputs.firstIndex(of: step.inputs[0])
            else { continue }
            let fused = FusedReduction(pointwise, reduced: reduced, reduction)
            let inputs = graph.steps[producer].inputs
            var outputs = graph.steps[producer].outputs
            outputs.remove(at: reduced)
            outputs += step.outputs
            let description = graph.description(of: fused, inputs: inputs, outputs: outputs, consumers: consumers)
            guard backends.first?.canFuse(description) == true else { continue }
            graph.steps[index].primitive = fused
            graph.steps[index].inputs = inputs
            graph.steps[index].outputs = outputs
            graph.steps[index].modulePath = graph.steps[producer].modulePath ?? step.modulePath
            joined.insert(producer)
        }
        guard !joined.isEmpty else { return }
        graph.steps = graph.steps.enumerated().filter { !joined.contains($0.offset) }.map(\.element)
        // The chain's other results may have readers before the place of the reduction.
        graph.sortSteps()
    }
}
