import ApusGraph
import ApusPlan

/// Folds a normalisation by given statistics into the convolution in front of it, where nobody else reads what lies
/// between: batch norm in evaluation mode costs nothing then.
///
/// (w ∗ x + b − mean) · inverse · γ + β = (w · s) ∗ x + ((b − mean) · s + β) with s = inverse · γ, a number for each output
/// channel. The scaled weights are computed by steps of their own, which ``HoistConstants`` runs once.
struct FoldBatchNormalization: Pass {
    let name = "fold batch norm"

    func run(_ graph: inout PlanGraph) throws {
        let uses = graph.useCounts()
        let producers = graph.producers()
        var removed = Set<Int>()
        var steps: [PlanGraph.Step] = []
        for step in graph.steps {
            guard step.primitive is ChannelNormalization, let producer = producers[step.inputs[0]],
                uses[step.inputs[0]] == 1, let convolution = graph.steps[producer].primitive as? Convolution
            else {
                steps.append(step)
                continue
            }
            removed.insert(graph.steps[producer].outputs[0])
            let (inputs, path) = (graph.steps[producer].inputs, graph.steps[producer].modulePath)
            func add(_ primitive: any Primitive, _ inputs: [PlanGraph.ValueID]) throws -> PlanGraph.ValueID {
                let spec = try primitive.infer(inputs.map { graph.values[$0].spec })[0]
                let value = graph.addValue(spec)
                steps.append(PlanGraph.Step(primitive, inputs: inputs, outputs: [value], modulePath: path))
                return value
            }
            let (mean, inverse, gamma, beta) = (step.inputs[1], step.inputs[2], step.inputs[3], step.inputs[4])
            let weight = graph.values[inputs[1]].spec.shape
            let scale = try add(Pointwise(.mul), [inverse, gamma])
            let perFilter = Shape([weight[0]] + [Int](repeating: 1, count: weight.rank - 1))
            let scaled = try add(Pointwise(.mul), [inputs[1], try add(Reshape(perFilter), [scale])])
            let centre =
                inputs.count == 3
                ? try add(Pointwise(.sub), [inputs[2], mean]) : try add(Pointwise(.neg), [mean])
            let shift = try add(Pointwise(.add), [try add(Pointwise(.mul), [centre, scale]), beta])
            steps.append(
                PlanGraph.Step(
                    convolution, inputs: [inputs[0], scaled, shift], outputs: step.outputs, modulePath: path))
        }
        graph.steps = steps.filter { !removed.contains($0.outputs[0]) }
    }
}
