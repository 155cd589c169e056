import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Plan memory")
struct PlanMemoryTests {
    private func layout(_ graph: PlanGraph) -> PlanMemory.Layout {
        var memory = PlanMemory(graph)
        return memory.plan()
    }

    /// Where a value lies: a block of the plan's own, or an input's or a result's memory, and the bytes within.
    private func place(_ slot: Plan.BufferSlot, _ bytes: Int, _ layout: PlanMemory.Layout) -> (String, Range<Int>) {
        switch slot {
        case .arena(let offset): return ("arena", offset..<(offset + bytes))
        case .constant(let offset): return ("constant", offset..<(offset + bytes))
        case .input(let index): return ("input \(index)", 0..<bytes)
        case .result(let index):
            if case .input(let input) = layout.results[index] { return ("input \(input)", 0..<bytes) }
            return ("result \(index)", 0..<bytes)
        }
    }

    /// Demands that no step writes where something lies that is still needed.
    private func check(_ graph: PlanGraph, _ layout: PlanMemory.Layout) throws {
        let end = graph.steps.count
        var lastRead = [Int](repeating: -1, count: graph.values.count)
        for (index, step) in graph.steps.enumerated() { for input in step.inputs { lastRead[input] = index } }
        for output in graph.outputs { lastRead[output] = end }
        for input in graph.inputs where !graph.donatedInputs.contains(input) { lastRead[input] = end }
        // Another name of a value has the same elements.
        var original = Array(graph.values.indices)
        for index in layout.aliasSteps.sorted() {
            let step = graph.steps[index]
            #expect(step.primitive is any AliasesInput)
            original[step.outputs[0]] = original[step.inputs[0]]
        }
        func placeOf(_ value: Int) throws -> (block: String, bytes: Range<Int>) {
            let slot = try #require(layout.slots[value], "%\(value) has no place")
            return place(slot, max(graph.values[value].byteCount, 1), layout)
        }
        func overlap(_ a: Int, _ b: Int) throws -> Bool {
            let (first, second) = (try placeOf(a), try placeOf(b))
            return first.block == second.block && first.bytes.overlaps(second.bytes)
        }
        var made = graph.inputs
        for (index, step) in graph.steps.enumerated() {
            defer { made += step.outputs }
            if layout.aliasSteps.contains(index) {
                #expect(try placeOf(step.outputs[0]) == placeOf(step.inputs[0]))
                continue
            }
            let reusable = step.primitive as? any ReusesInputs
            for (position, output) in step.outputs.enumerated() {
                for other in step.outputs where other != output { #expect(try !overlap(output, other), "\(graph)") }
                for value in made where lastRead[value] >= index {
                    guard layout.slots[value] != nil, try overlap(output, value) else { continue }
                    // Only a last reader may write over what it reads, at the same place, if it can.
                    let names = step.inputs.indices.filter { original[step.inputs[$0]] == original[value] }
                    let allowed =
                        reusable?.reusableInputs(
                            for: position, step.inputs.map { graph.values[$0].spec }) ?? []
                    #expect(lastRead[value] == index, "step \(index) writes over %\(value): \(graph)")
                    #expect(names.count == 1 && allowed.contains(names[0]), "step \(index), %\(value): \(graph)")
                    #expect(try placeOf(output) == placeOf(value))
                }
            }
            for value in step.inputs + step.outputs {
                let bytes = try placeOf(value).bytes
                if case .arena = layout.slots[value] {
                    #expect(bytes.lowerBound % PlanMemory.alignment == 0 && bytes.upperBound <= layout.arenaBytes)
                }
            }
        }
        #expect(layout.outputs.count == graph.outputs.count)
        for (output, result) in zip(graph.outputs, layout.outputs) {
            switch layout.results[result] {
            case .fresh(let bytes): #expect(bytes == graph.values[output].byteCount)
            case .input(let input):
                let value = graph.inputs[input]
                #expect(graph.donatedInputs.contains(value) || original[output] == value, "\(graph)")
            }
        }
    }

    @Test("no two values that are needed at once share memory", arguments: 0..<200)
    func random(seed: Int) throws {
        let builder = try randomGraph(seed: 2_000 + seed, steps: 40)
        // Single functions reuse nothing; programs and slice assignments do. Some results stay unread.
        for passes in [[], [Simplify(), FusePointwise(), FuseSweeps()]] as [[any Pass]] {
            var graph = builder.graph
            for pass in passes { try pass.run(&graph) }
            try check(graph, layout(graph))
        }
    }

    private func program(_ functions: [PointwiseFunction], _ shape: Shape, results: [Int]) -> FusedPointwise {
        FusedPointwise(
            inputTypes: [.float32],
            instructions: functions.enumerated().map { index, function in
                .init(.function(function), operands: [index], dtype: .float32)
            }, results: results, shapes: [shape])
    }

    /// Two results cannot both take the place of the one input, even if nobody reads one of them.
    @Test("a result that nobody reads is not written over another one")
    func unreadResults() throws {
        for output in 0..<2 {
            var builder = GraphBuilder()
            let x = try builder.step(MatMul(), builder.input([4, 4]), builder.input([4, 4]))
            let made = try builder.results(program([.exp, .sin], [4, 4], results: [1, 2]), [x])
            builder.graph.outputs = [try builder.step(MatMul(), made[output], made[output])]
            try check(builder.graph, layout(builder.graph))
        }
    }

    @Test("a program is computed in place where its input ends there")
    func inPlace() throws {
        var builder = GraphBuilder()
        let x = try builder.step(MatMul(), builder.input([4, 4]), builder.input([4, 4]))
        let y = try builder.step(program([.exp], [4, 4], results: [1]), x)
        builder.graph.outputs = [try builder.step(MatMul(), y, y)]
        let first = layout(builder.graph)
        try check(builder.graph, first)
        #expect(first.slots[x] == first.slots[y])
        #expect(first.arenaBytes == 64)
        // Read again later, it stays.
        let later = try builder.step(MatMul(), x, y)
        builder.graph.outputs.append(later)
        let second = layout(builder.graph)
        try check(builder.graph, second)
        #expect(second.slots[x] != second.slots[y])
    }

    @Test("an input of the plan is written over only if it is donated", arguments: [false, true])
    func donation(isDonated: Bool) throws {
        var builder = GraphBuilder()
        let x = builder.input([4], isDonated: isDonated)
        builder.graph.outputs = [try builder.step(program([.exp], [4], results: [1]), x)]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.results == [isDonated ? .input(0) : .fresh(16)])
        #expect(layout.arenaBytes == 0)
    }

    @Test("a donated input that is read under another name stays")
    func donatedAlias() throws {
        var builder = GraphBuilder()
        let x = builder.input([4], isDonated: true)
        let flat = try builder.step(Reshape([2, 2]), x)
        let y = try builder.step(program([.exp], [4], results: [1]), x)
        builder.graph.outputs = [y, try builder.step(MatMul(), flat, flat)]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.results == [.fresh(16), .fresh(16)])
    }

    @Test("another name of a value is the same result, and of an input its memory")
    func aliases() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let y = try builder.step(.exp, x)
        builder.graph.outputs = [
            y, try builder.step(Reshape([6]), y), try builder.step(Reshape([3, 2]), x), y,
        ]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.outputs == [0, 0, 1, 0])
        #expect(layout.results == [.fresh(24), .input(0)])
        #expect(layout.aliasSteps == [1, 2])
    }

    @Test("slices are assigned in place in a chain")
    func sliceAssignments() throws {
        var builder = GraphBuilder()
        var y = try builder.step(Fill([8], 0, .float32))
        let box = builder.input([1])
        for position in 0..<8 {
            y = try builder.step(SliceAssign(Slice(starts: [position], counts: [1], steps: [1])), y, box)
        }
        builder.graph.outputs = [y]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.arenaBytes == 0)
        #expect(layout.results == [.fresh(32)])
    }

    @Test("blocks are used again by values that come later")
    func reuse() throws {
        var builder = GraphBuilder()
        var y = builder.input([16, 16])
        for _ in 0..<20 { y = try builder.step(MatMul(), y, y) }
        builder.graph.outputs = [y]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.arenaBytes == 2 * 16 * 16 * 4)
    }

    @Test("a convolution writes over what it adds where that ends, and not over its own input")
    func convolutionSums() throws {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)
        let fused = FusedConvolution(Convolution(geometry), addsInput: true, .relu)
        var builder = GraphBuilder()
        let (x, weight) = (builder.input([2, 3, 5, 5]), builder.input([3, 3, 3, 3]))
        let image = try builder.step(.exp, x)
        let first = try builder.step(fused, try builder.step(.neg, x), weight, image)
        let second = try builder.step(fused, first, weight, first)
        builder.graph.outputs = [try builder.step(.exp, second)]
        let layout = layout(builder.graph)
        try check(builder.graph, layout)
        #expect(layout.slots[first] == layout.slots[image])
        #expect(layout.slots[second] != layout.slots[first])
    }
}
