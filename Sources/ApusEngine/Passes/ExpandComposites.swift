import ApusGraph
import ApusPlan

/// Puts the operations that a composite consists of in its place.
struct ExpandComposites: Pass {
    let name = "expand composites"

    func run(_ graph: inout PlanGraph) throws {
        guard graph.steps.contains(where: { $0.primitive is any CompositePrimitive }) else { return }
        var steps: [PlanGraph.Step] = []
        for step in graph.steps {
            guard let composite = step.primitive as? any CompositePrimitive else {
                steps.append(step)
                continue
            }
            let (expansion, results) = try Expansion.of(composite, step.inputs.map { graph.values[$0].spec })
            var values: [PlanGraph.ValueID] = step.inputs
            for operand in step.inputs.count..<expansion.specs.count {
                let result = results.firstIndex(of: operand).map { step.outputs[$0] }
                values.append(result ?? graph.addValue(expansion.specs[operand]))
            }
            for part in expansion.steps {
                let (inputs, outputs) = (part.inputs.map { values[$0] }, part.outputs.map { values[$0] })
                steps.append(
                    PlanGraph.Step(part.primitive, inputs: inputs, outputs: outputs, modulePath: step.modulePath))
            }
        }
        graph.steps = steps
    }
}
