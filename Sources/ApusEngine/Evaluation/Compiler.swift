import ApusGraph
import ApusPlan

/// Makes a plan of a collected graph: runs the passes, then prepares each step on a backend.
struct Compiler: Sendable {
    /// In order of preference; the last one computes everything.
    let backends: [any Backend]
    let settings: EngineSettings

    private var passes: [any Pass] {
        [
            ExpandComposites(), Simplify(), FoldBatchNormalization(), PoolBeforeActivation(backends: backends),
            FuseConvolutionPool(backends: backends), FusePoolGradient(backends: backends), FuseCrossEntropy(),
            FuseBatchNormalization(backends: backends), FuseKernels(), FusePointwise(),
            FuseReductions(backends: backends), FuseSweeps(),
            ChooseLayouts(backends: backends), HoistConstants(),
        ]
    }

    func compile(_ collected: CollectedGraph) throws -> Plan {
        var graph = try planGraph(of: collected)
        if settings.tracesPasses { trace("recorded", graph) }
        for pass in passes {
            try pass.run(&graph)
            if settings.tracesPasses { trace(pass.name, graph) }
        }
        var memory = PlanMemory(graph)
        let layout = memory.plan()
        if settings.tracesPasses {
            printToStandardError("plan memory: arena of \(layout.arenaBytes) bytes, \(layout.results.count) results")
        }
        return try assemble(graph, layout)
    }

    private func trace(_ pass: String, _ graph: PlanGraph) { printToStandardError("\(pass):\n\(graph)") }

    private func planGraph(of collected: CollectedGraph) throws -> PlanGraph {
        var graph = PlanGraph()
        for leaf in collected.leaves {
            let value = graph.addValue(leaf.value.spec)
            graph.inputs.append(value)
            if leaf.isDonated { graph.donatedInputs.insert(value) }
        }
        var results: [[PlanGraph.ValueID]] = []
        results.reserveCapacity(collected.items.count)
        for (index, item) in collected.items.enumerated() {
            let inputs = collected.references[item.inputs].map { reference in
                switch reference.kind {
                case .item(let index, let output): results[index][output]
                case .leaf(let index): graph.inputs[index]
                }
            }
            let outputs = item.node.outputs.map { graph.addValue($0) }
            results.append(outputs)
            graph.steps.append(
                PlanGraph.Step(
                    try collected.primitive(of: index), inputs: inputs, outputs: outputs,
                    modulePath: item.node.modulePath))
            for (position, output) in outputs.enumerated() where item.heldOutputs & (1 << UInt8(position)) != 0 {
                graph.outputs.append(output)
            }
        }
        return graph
    }

    private func assemble(_ graph: PlanGraph, _ layout: PlanMemory.Layout) throws -> Plan {
        var plan = Plan()
        plan.results = layout.results
        plan.outputs = layout.outputs
        plan.arenaBytes = layout.arenaBytes
        plan.constantBytes = layout.constantBytes
        for (index, step) in graph.steps.enumerated() where !layout.aliasSteps.contains(index) {
            if index < graph.constantSteps { plan.constantSteps += 1 }
            let description = StepDescription(
                step.primitive, inputs: step.inputs.map { graph.values[$0] },
                outputs: step.outputs.map { graph.values[$0] }, uses: [])
            let prepared = try prepare(description)
            plan.scratchBytes = max(plan.scratchBytes, prepared.scratchBytes)
            let slots = (step.inputs + step.outputs).compactMap { layout.slots[$0] }
            for case .input(let input) in slots.dropFirst(step.inputs.count) {
                plan.overwrites.append((plan.steps.count, input))
            }
            plan.steps.append(
                Plan.Step(
                    prepared, description, modulePath: step.modulePath, firstOperand: plan.operands.count,
                    operandCount: slots.count))
            plan.operands += slots
        }
        return plan
    }

    private func prepare(_ step: StepDescription) throws -> PreparedStep {
        for backend in backends {
            guard let prepared = try backend.prepare(step) else { continue }
            if settings.tracesKernels {
                let shapes = (step.inputs + step.outputs).map { $0.spec.shape.brackets }.joined(separator: " ")
                printToStandardError("kernel: \(step.primitive.name) \(shapes): \(backend.name) \(prepared.kernel)")
            }
            return prepared
        }
        throw TensorError(
            step.primitive.name,
            "no backend computes this for \(step.inputs.map { "\($0.spec.dtype)\($0.spec.shape.brackets)" })")
    }
}
