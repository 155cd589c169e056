import ApusPlan
import ApusReference
import ApusTestSupport
import Testing

@testable import ApusEngine
@testable import ApusGraph

/// Builds plan graphs step by step; shapes follow from the primitives' rules.
struct GraphBuilder {
    var graph = PlanGraph()

    mutating func input(_ shape: Shape, _ dtype: DType = .float32, isDonated: Bool = false) -> Int {
        let value = graph.addValue(TensorSpec(shape, dtype))
        graph.inputs.append(value)
        if isDonated { graph.donatedInputs.insert(value) }
        return value
    }

    mutating func results(_ primitive: any Primitive, _ inputs: [Int]) throws -> [Int] {
        let outputs = try primitive.infer(inputs.map { graph.values[$0].spec }).map { graph.addValue($0) }
        graph.steps.append(PlanGraph.Step(primitive, inputs: inputs, outputs: outputs))
        return outputs
    }

    mutating func step(_ primitive: any Primitive, _ inputs: Int...) throws -> Int { try results(primitive, inputs)[0] }

    mutating func step(_ function: PointwiseFunction, _ inputs: Int...) throws -> Int {
        try results(Pointwise(function), inputs)[0]
    }
}

extension PlanGraph {
    /// The steps' names, in order.
    var names: [String] { steps.map(\.primitive.name) }

    /// Whether every step reads inputs and results of earlier steps only, and every output is made.
    var isInOrder: Bool {
        var made = Set(inputs)
        for step in steps {
            guard step.inputs.allSatisfy(made.contains) else { return false }
            made.formUnion(step.outputs)
        }
        return outputs.allSatisfy(made.contains)
    }

    /// The outputs, computed step by step by the reference backend on numbers that depend on the inputs' order alone.
    func evaluated() throws -> [[Double]] {
        var memory: [Int: Storage] = [:]
        for (number, input) in inputs.enumerated() {
            let spec = values[input].spec
            let storage = Storage(byteCount: spec.byteCount)
            var generator = SeededGenerator(seed: 77 + number)
            let numbers = (0..<spec.shape.elementCount).map { _ in generator.real(-1, 1) }
            MutableArrayView(storage.pointer, spec).store(spec.dtype == .int64 ? numbers.map { _ in 0 } : numbers)
            memory[input] = storage
        }
        for step in steps {
            for output in step.outputs { memory[output] = Storage(byteCount: values[output].spec.byteCount) }
            let description = StepDescription(
                step.primitive, inputs: step.inputs.map { PlannedValue(values[$0].spec) },
                outputs: step.outputs.map { PlannedValue(values[$0].spec) }, uses: [])
            let prepared = try #require(ReferenceBackend().prepare(description), "\(step.primitive.name)")
            let storages = try (step.inputs + step.outputs).map { try #require(memory[$0], "%\($0) is not made") }
            try storages.map(\.pointer).withUnsafeBufferPointer { try prepared.run($0, storages[0].pointer) }
        }
        return try outputs.map { output in
            let storage = try #require(memory[output])
            return ArrayView(UnsafeRawPointer(storage.pointer), values[output].spec).reals()
        }
    }
}

/// Runs a pass, and demands that the graph stays in order and computes the same, to the last bit unless told otherwise.
func rewrite(
    _ builder: GraphBuilder, by passes: any Pass..., keepsBits: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> PlanGraph {
    #expect(builder.graph.isInOrder, sourceLocation: sourceLocation)
    let expected = try builder.graph.evaluated()
    var graph = builder.graph
    for pass in passes { try pass.run(&graph) }
    #expect(graph.isInOrder, "\(graph)", sourceLocation: sourceLocation)
    if keepsBits { #expect(try graph.evaluated() == expected, "\(graph)", sourceLocation: sourceLocation) }
    return graph
}
