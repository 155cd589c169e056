import ApusPlan
import ApusReference
import Testing

@testable import ApusEngine
@testable import ApusGraph

/// Wants products in the layout "blocked", carries layouts through elementwise functions, and lets all else be plain.
private struct BlockingBackend: Backend {
    static let blocked = PhysicalLayout(name: "blocked")
    let name = "blocking"

    func layouts(for step: StepDescription) -> StepLayouts? {
        switch step.primitive {
        case is MatMul:
            return StepLayouts(inputs: [Self.blocked, .plain], outputs: [Self.blocked])
        case is Pointwise:
            let layout = step.inputs[0].layout
            return StepLayouts(inputs: step.inputs.map { _ in layout }, outputs: step.outputs.map { _ in layout })
        case is MaxPool:
            // Positions that only gradients read may lie as they like.
            let isInternal = !step.uses[1].outlivesPlan && step.uses[1].readers.allSatisfy { $0 is MaxPoolGradient }
            let positions = isInternal ? PhysicalLayout(name: "bytes", byteCount: 4) : .plain
            return StepLayouts(inputs: [.plain], outputs: [.plain, positions])
        default: return nil
        }
    }

    func prepare(_ step: StepDescription) -> PreparedStep? { nil }
}

@Suite("Choose layouts")
struct ChooseLayoutsTests {
    private let pass = ChooseLayouts(backends: [BlockingBackend(), ReferenceBackend()])

    private func layouts(_ graph: PlanGraph, _ step: PlanGraph.Step) -> [String] {
        (step.inputs + step.outputs).map { graph.values[$0].layout.name }
    }

    @Test("a layout is carried along a chain, and results are plain")
    func chain() throws {
        var builder = GraphBuilder()
        let x = builder.input([4, 4])
        let first = try builder.step(.relu, try builder.step(MatMul(), x, x))
        builder.graph.outputs = [try builder.step(.relu, try builder.step(MatMul(), first, x))]
        var graph = builder.graph
        try pass.run(&graph)
        #expect(graph.isInOrder)
        #expect(graph.names == ["relayout", "matmul", "relu", "matmul", "relu", "relayout"])
        #expect(layouts(graph, graph.steps[1]) == ["blocked", "plain", "blocked"])
        #expect(layouts(graph, graph.steps[3]) == ["blocked", "plain", "blocked"])
        #expect(graph.outputs.map { graph.values[$0].layout } == [.plain])
        // The plan's own inputs keep theirs.
        #expect(graph.inputs.map { graph.values[$0].layout } == [.plain])
    }

    @Test("one conversion serves all readers")
    func sharedConversion() throws {
        var builder = GraphBuilder()
        let x = builder.input([4, 4])
        builder.graph.outputs = [
            try builder.step(Reduction(.sum, [0], keepDim: true), try builder.step(MatMul(), x, x)),
            try builder.step(Reduction(.sum, [1], keepDim: true), try builder.step(MatMul(), x, x)),
        ]
        var graph = builder.graph
        try pass.run(&graph)
        #expect(graph.names == ["relayout", "matmul", "relayout", "sum", "matmul", "relayout", "sum"])
        #expect(graph.steps.filter { $0.primitive is MatMul }.allSatisfy { layouts(graph, $0)[0] == "blocked" })
        #expect(graph.steps.filter { $0.primitive is Reduction }.allSatisfy { layouts(graph, $0)[0] == "plain" })
    }

    @Test("a value that leaves the plan and is read on has both layouts")
    func outputAndReader() throws {
        var builder = GraphBuilder()
        let x = builder.input([4, 4])
        let product = try builder.step(MatMul(), x, x)
        builder.graph.outputs = [product, try builder.step(.relu, product), product]
        var graph = builder.graph
        try pass.run(&graph)
        #expect(graph.names == ["relayout", "matmul", "relu", "relayout", "relayout"])
        #expect(graph.outputs.allSatisfy { graph.values[$0].layout == .plain })
        #expect(graph.outputs[0] == graph.outputs[2])
    }

    @Test("the backend is told who reads a result")
    func uses() throws {
        let geometry = PoolingGeometry(
            kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false)
        var builder = GraphBuilder()
        let (x, dy) = (builder.input([1, 1, 4, 4]), builder.input([1, 1, 2, 2]))
        let pooled = try builder.results(MaxPool(geometry), [x])
        let dx = try builder.step(MaxPoolGradient(geometry, inputShape: [1, 1, 4, 4]), dy, pooled[1])
        for (outputs, layout) in [([pooled[0], dx], "bytes"), ([pooled[0], dx, pooled[1]], "plain")] {
            var graph = builder.graph
            graph.outputs = outputs
            try pass.run(&graph)
            #expect(layouts(graph, graph.steps[0]) == ["plain", "plain", layout])
        }
    }
}
