import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Simplify")
struct SimplifyTests {
    @Test("what nobody needs is removed")
    func deadSteps() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let needed = try builder.step(.exp, x)
        _ = try builder.step(.sin, try builder.step(.cos, needed))
        builder.graph.outputs = [needed]
        #expect(try rewrite(builder, by: Simplify()).names == ["exp"])
    }

    @Test("a value stands for itself, and slopes that nobody else reads are removed")
    func givenSlopes() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let value = try builder.step(.exp, x)
        let slope = try builder.step(.cos, x)
        let given = try builder.step(GivenSlopes(), value, slope, x)
        let again = try builder.step(GivenSlopes(), given, slope, x)
        builder.graph.outputs = [try builder.step(.sin, again), given]
        let graph = try rewrite(builder, by: Simplify())
        #expect(graph.names == ["exp", "sin"])
        #expect(graph.outputs[1] == graph.steps[0].outputs[0])
    }

    @Test("equal steps on equal inputs are computed once, also where their inputs were equal steps")
    func repeatedSteps() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let (a, b) = (try builder.step(.exp, x), try builder.step(.exp, x))
        let (c, d) = (try builder.step(.sin, a), try builder.step(.sin, b))
        builder.graph.outputs = [try builder.step(.add, c, d), d]
        #expect(try rewrite(builder, by: Simplify()).names == ["exp", "sin", "add"])
    }

    @Test("steps with other attributes or in another order of inputs are not equal")
    func differentSteps() throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([2, 2]), builder.input([2, 2]))
        builder.graph.outputs = [
            try builder.step(.sub, x, y), try builder.step(.sub, y, x),
            try builder.step(Reduction(.sum, [0], keepDim: true), x),
            try builder.step(Reduction(.sum, [0], keepDim: false), x),
            try builder.step(Reduction(.sum, [1], keepDim: true), x),
        ]
        #expect(try rewrite(builder, by: Simplify()).steps.count == 5)
    }

    @Test("zero and minus zero are different numbers")
    func signedZeros() throws {
        var builder = GraphBuilder()
        let positive = try builder.step(.reciprocal, try builder.step(Fill([1], 0, .float32)))
        let negative = try builder.step(.reciprocal, try builder.step(Fill([1], -0.0, .float32)))
        builder.graph.outputs = [positive, negative]
        #expect(try rewrite(builder, by: Simplify()).evaluated() == [[.infinity], [-.infinity]])
    }

    @Test("a chain of reshapes reads the first tensor, and one back to its shape vanishes")
    func reshapes() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 6])
        let flat = try builder.step(Reshape([12]), try builder.step(Reshape([3, 4]), x))
        let back = try builder.step(Reshape([2, 6]), flat)
        let result = try builder.step(.exp, back)
        builder.graph.outputs = [flat, result]
        let graph = try rewrite(builder, by: Simplify())
        #expect(graph.names == ["reshape", "exp"])
        #expect(graph.steps.allSatisfy { $0.inputs == [x] })
    }

    @Test("an elementwise function stretches its inputs by itself")
    func expansions() throws {
        var builder = GraphBuilder()
        let (x, row) = (builder.input([3, 4]), builder.input([4]))
        let stretched = try builder.step(Expand([3, 4]), row)
        builder.graph.outputs = [try builder.step(.add, stretched, x)]
        let graph = try rewrite(builder, by: Simplify())
        #expect(graph.names == ["add"])
        #expect(graph.steps[0].inputs == [row, x])
    }

    @Test("a stretch that decides the result's shape stays")
    func neededExpansions() throws {
        var builder = GraphBuilder()
        let (row, scalar) = (builder.input([4]), builder.input([]))
        let stretched = try builder.step(Expand([3, 4]), row)
        builder.graph.outputs = [try builder.step(.add, stretched, scalar), try builder.step(.exp, stretched)]
        #expect(try rewrite(builder, by: Simplify()).names == ["expand", "add", "exp"])
    }

    @Test("random graphs compute the same", arguments: 0..<50)
    func random(seed: Int) throws {
        let graph = try rewrite(try randomGraph(seed: seed), by: Simplify())
        var seen = Set<[Int]>()
        for step in graph.steps where step.primitive is Reshape {
            #expect(seen.insert(step.inputs + graph.values[step.outputs[0]].spec.shape.dimensions).inserted)
        }
    }
}
