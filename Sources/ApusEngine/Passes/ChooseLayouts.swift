import ApusGraph
import ApusPlan

/// Lets the backend choose a layout for each value, and inserts conversions where a step wants another one.
///
/// Steps are asked in order, with the layouts that their inputs have by then, so that a layout is carried along a chain
/// until a step wants another.
struct ChooseLayouts: Pass {
    let name = "choose layouts"
    let backends: [any Backend]

    func run(_ graph: inout PlanGraph) throws {
        let consumers = graph.consumers()
        var steps: [PlanGraph.Step] = []
        var converted: [PlanGraph.ValueID: [PhysicalLayout: PlanGraph.ValueID]] = [:]
        func convert(_ value: PlanGraph.ValueID, to layout: PhysicalLayout) -> PlanGraph.ValueID {
            if graph.values[value].layout == layout { return value }
            if let earlier = converted[value]?[layout] { return earlier }
            let result = graph.addValue(graph.values[value].spec, layout)
            steps.append(PlanGraph.Step(Relayout(), inputs: [value], outputs: [result]))
            converted[value, default: [:]][layout] = result
            return result
        }
        for var step in graph.steps {
            let description = graph.description(
                of: step.primitive, inputs: step.inputs, outputs: step.outputs, consumers: consumers)
            var layouts = StepLayouts.plain(description)
            for backend in backends {
                if let found = try backend.layouts(for: description) {
                    layouts = found
                    break
                }
            }
            step.inputs = zip(step.inputs, layouts.inputs).map { convert($0, to: $1) }
            for (output, layout) in zip(step.outputs, layouts.outputs) { graph.values[output].layout = layout }
            steps.append(step)
        }
        graph.outputs = graph.outputs.map { convert($0, to: .plain) }
        graph.steps = steps
    }
}
