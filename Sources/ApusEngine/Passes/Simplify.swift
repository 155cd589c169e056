import ApusGraph
import ApusPlan

/// Removes what need not be computed: dead steps, repeated steps, reshapes of reshapes, stretches before elementwise
/// work.
struct Simplify: Pass {
    let name = "simplify"

    func run(_ graph: inout PlanGraph) {
        graph.removeDeadSteps()
        dropGivenSlopes(&graph)
        shortenReshapes(&graph)
        removeRepeatedSteps(&graph)
        skipExpansions(&graph)
        graph.removeDeadSteps()
    }

    /// Slopes are for `backward()`, which has run or will record what it reads: the value stands for itself.
    private func dropGivenSlopes(_ graph: inout PlanGraph) {
        var replacements: [PlanGraph.ValueID: PlanGraph.ValueID] = [:]
        for step in graph.steps where step.primitive is GivenSlopes {
            replacements[step.outputs[0]] = replacements[step.inputs[0]] ?? step.inputs[0]
        }
        graph.replace(replacements)
        graph.removeDeadSteps()
    }

    /// A reshape of a reshape reads the first tensor; a reshape to the same shape vanishes.
    private func shortenReshapes(_ graph: inout PlanGraph) {
        var source: [PlanGraph.ValueID: PlanGraph.ValueID] = [:]
        var replacements: [PlanGraph.ValueID: PlanGraph.ValueID] = [:]
        for index in graph.steps.indices where graph.steps[index].primitive is Reshape {
            let input = graph.steps[index].inputs[0]
            let root = source[input] ?? input
            graph.steps[index].inputs[0] = root
            let output = graph.steps[index].outputs[0]
            source[output] = root
            if graph.values[root].spec.shape == graph.values[output].spec.shape { replacements[output] = root }
        }
        graph.replace(replacements)
    }

    /// Equal operations on equal inputs are computed once.
    private func removeRepeatedSteps(_ graph: inout PlanGraph) {
        struct Key: Hashable {
            let primitive: PrimitiveKey
            let inputs: [PlanGraph.ValueID]
        }
        var seen: [Key: [PlanGraph.ValueID]] = [:]
        var replacements: [PlanGraph.ValueID: PlanGraph.ValueID] = [:]
        var kept: [PlanGraph.Step] = []
        for var step in graph.steps {
            step.inputs = step.inputs.map { replacements[$0] ?? $0 }
            let key = Key(primitive: PrimitiveKey(primitive: step.primitive), inputs: step.inputs)
            if let earlier = seen[key] {
                for (output, original) in zip(step.outputs, earlier) { replacements[output] = original }
            } else {
                seen[key] = step.outputs
                kept.append(step)
            }
        }
        graph.steps = kept
        graph.replace(replacements)
    }

    /// Elementwise functions stretch their inputs by themselves.
    private func skipExpansions(_ graph: inout PlanGraph) {
        var source: [PlanGraph.ValueID: PlanGraph.ValueID] = [:]
        for step in graph.steps where step.primitive is Expand { source[step.outputs[0]] = step.inputs[0] }
        guard !source.isEmpty else { return }
        for index in graph.steps.indices where graph.steps[index].primitive is Pointwise {
            let step = graph.steps[index]
            let shape = graph.values[step.outputs[0]].spec.shape
            let shortened = step.inputs.map { source[$0] ?? $0 }
            // The result's shape must still follow from the inputs'.
            let common = shortened.reduce(Shape([]) as Shape?) { common, input in
                common.flatMap { Shape.broadcast($0, graph.values[input].spec.shape) }
            }
            if common == shape { graph.steps[index].inputs = shortened }
        }
    }
}
