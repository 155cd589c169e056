import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse elementwise chains")
struct FusePointwiseTests {
    private func programs(_ graph: PlanGraph) -> [FusedPointwise] {
        graph.steps.compactMap { $0.primitive as? FusedPointwise }
    }

    @Test("a chain becomes one loop")
    func chain() throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([2, 3]), builder.input([2, 3]))
        builder.graph.outputs = [try builder.step(.tanh, try builder.step(.add, try builder.step(.exp, x), y))]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(graph.names == ["pointwise<exp add tanh>"])
        #expect(graph.steps[0].inputs == [x, y])
    }

    @Test("a diamond becomes one loop, and what leaves it is a result")
    func diamond() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let top = try builder.step(.exp, x)
        let (left, right) = (try builder.step(.sin, top), try builder.step(.cos, top))
        builder.graph.outputs = [left, try builder.step(.mul, left, right)]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(graph.steps.count == 1)
        #expect(graph.steps[0].outputs.count == 2)
    }

    /// a → matmul → c with a → c: one loop would wait for a product that waits for it.
    @Test("no circle through a step between")
    func circle() throws {
        var builder = GraphBuilder()
        let x = builder.input([3, 3])
        let a = try builder.step(.exp, x)
        let product = try builder.step(MatMul(), a, a)
        builder.graph.outputs = [try builder.step(.add, a, product)]
        #expect(try rewrite(builder, by: FusePointwise()).names == ["pointwise<exp>", "matmul", "pointwise<add>"])
    }

    /// Two siblings, of which one waits for a product of the other.
    @Test("no circle through siblings")
    func siblingCircle() throws {
        var builder = GraphBuilder()
        let x = builder.input([3, 3])
        let a = try builder.step(.exp, x)
        let product = try builder.step(MatMul(), a, a)
        let b = try builder.step(.mul, x, product)
        let second = try builder.step(MatMul(), b, b)
        builder.graph.outputs = [try builder.step(.add, try builder.step(.sub, x, a), second)]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(graph.steps.filter { $0.primitive is MatMul }.count == 2)
    }

    @Test("functions that share an input are one loop")
    func siblings() throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([2, 3]), builder.input([2, 3]))
        builder.graph.outputs = [try builder.step(.exp, x), try builder.step(.sin, x), try builder.step(.cos, y)]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(programs(graph).map(\.instructions.count).sorted() == [1, 2])
    }

    @Test("other shapes and other types of arithmetic stay apart")
    func apart() throws {
        var builder = GraphBuilder()
        let (x, row) = (builder.input([2, 3]), builder.input([3]))
        let wide = try builder.step(.add, x, try builder.step(.exp, row))
        let double = try builder.step(Pointwise(.cast, resultType: .float64), try builder.step(.sin, x))
        builder.graph.outputs = [wide, try builder.step(.exp, double)]
        for program in programs(try rewrite(builder, by: FusePointwise())) {
            #expect(program.shapes.count == 1)
            let types = Set((program.inputTypes + program.instructions.map(\.dtype)).filter { $0 != .bool })
            #expect(types == [.float32] || types.contains(.float64))
            if types.contains(.float64) {
                #expect(program.instructions.allSatisfy { $0.dtype == .float64 })
            }
        }
    }

    @Test("a tensor of one number becomes a constant of the loop")
    func constants() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3])
        let half = try builder.step(Fill([2, 3], 0.5, .float32))
        builder.graph.outputs = [try builder.step(.mul, x, half)]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(graph.names == ["pointwise<constant mul>"])
        #expect(graph.steps[0].inputs == [x])
    }

    @Test("a long chain is cut")
    func longChain() throws {
        var builder = GraphBuilder()
        var value = builder.input([2, 3])
        for number in 0..<150 { value = try builder.step(number % 2 == 0 ? .sin : .neg, value) }
        builder.graph.outputs = [value]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(graph.steps.count == 4)
        #expect(programs(graph).allSatisfy { $0.instructions.count <= 40 })
    }

    @Test("a loop reads a limited number of tensors")
    func manyInputs() throws {
        var builder = GraphBuilder()
        var sum = builder.input([2, 3])
        for _ in 0..<50 { sum = try builder.step(.add, sum, builder.input([2, 3])) }
        builder.graph.outputs = [sum]
        let graph = try rewrite(builder, by: FusePointwise())
        #expect(programs(graph).allSatisfy { $0.inputTypes.count <= 16 })
        #expect(graph.steps.count <= 5)
    }

    @Test("random graphs compute the same", arguments: 0..<100)
    func random(seed: Int) throws {
        let graph = try rewrite(try randomGraph(seed: 500 + seed, steps: 60), by: FusePointwise())
        #expect(!graph.steps.contains { $0.primitive is Pointwise })
        for program in programs(graph) {
            #expect(program.instructions.count <= 40 && program.inputTypes.count <= 16)
        }
    }

    @Test("all passes together leave the results as they are", arguments: 0..<60)
    func allPasses(seed: Int) throws {
        _ = try rewrite(
            try randomGraph(seed: 900 + seed, steps: 60), by: Simplify(), PoolBeforeActivation(), FuseCrossEntropy(),
            FuseKernels(), FusePointwise(), FuseSweeps())
    }
}

@Suite("Fuse sweeps")
struct FuseSweepsTests {
    /// p − rate · g for several shapes.
    private func updates(_ shapes: [Shape], _ builder: inout GraphBuilder) throws -> [Int] {
        let rate = builder.input([])
        return try shapes.map { shape in
            let (parameter, gradient) = (builder.input(shape), builder.input(shape))
            return try builder.step(.sub, parameter, try builder.step(.mul, gradient, rate))
        }
    }

    @Test("equal updates of different shapes are one sweep")
    func updates() throws {
        var builder = GraphBuilder()
        builder.graph.outputs = try updates([[2, 3], [4], [1, 1], []], &builder)
        let graph = try rewrite(builder, by: FusePointwise(), FuseSweeps())
        #expect(graph.names == ["pointwise×4<mul sub>"])
        #expect(graph.steps[0].inputs.count == 12)
    }

    @Test("an update that others read, and other programs, stay apart")
    func apart() throws {
        var builder = GraphBuilder()
        let made = try updates([[2, 3], [4], [5]], &builder)
        let read = try builder.step(Reduction(.sum, [0], keepDim: false), made[1])
        builder.graph.outputs = made + [read, try builder.step(.exp, builder.input([7]))]
        let names = try rewrite(builder, by: FusePointwise(), FuseSweeps()).names
        #expect(names.sorted() == ["pointwise<exp>", "pointwise<mul sub>", "pointwise×2<mul sub>", "sum"])
    }
}
