import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse reductions")
struct FuseReductionsTests {
    private func fused(_ builder: GraphBuilder, fuses: Bool = true) throws -> [String] {
        try rewrite(builder, by: FusePointwise(), FuseReductions(backends: [FusingBackend(fuses: fuses)])).names
    }

    @Test("a chain that only a reduction reads, where the backend has a kernel for both", arguments: [true, false])
    func chain(fuses: Bool) throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([3, 4]), builder.input([3, 4]))
        let square = try builder.step(.square, try builder.step(.sub, x, y))
        builder.graph.outputs = [try builder.step(Reduction(.mean, [0, 1], keepDim: false), square)]
        let names = try fused(builder, fuses: fuses)
        #expect(names == (fuses ? ["pointwise<sub square> mean"] : ["pointwise<sub square>", "mean"]))
    }

    @Test("other results of the chain stay, and what reads them comes after it")
    func otherResults() throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([3, 4]), builder.input([3, 4]))
        let difference = try builder.step(.sub, x, y)
        let square = try builder.step(.square, difference)
        let moved = try builder.step(Permute([1, 0]), difference)
        builder.graph.outputs = [moved, try builder.step(Reduction(.sum, [1], keepDim: true), square)]
        let names = try fused(builder)
        #expect(names == ["pointwise<sub square> sum", "permute"])
    }

    @Test("a result that somebody else reads, or that outlives the plan, is stored")
    func sharedResults() throws {
        for isKept in [true, false] {
            var builder = GraphBuilder()
            let square = try builder.step(.square, builder.input([3, 4]))
            let sum = try builder.step(Reduction(.sum, [1], keepDim: false), square)
            builder.graph.outputs = [sum, isKept ? square : try builder.step(Permute([1, 0]), square)]
            #expect(try fused(builder).contains("sum"))
        }
    }

    @Test("one of several reductions of a chain joins it")
    func twoReductions() throws {
        var builder = GraphBuilder()
        let x = builder.input([3, 4])
        let square = try builder.step(.square, x)
        let exponential = try builder.step(.exp, x)
        builder.graph.outputs = try [square, exponential].map {
            try builder.step(Reduction(.sum, [1], keepDim: false), $0)
        }
        #expect(try fused(builder) == ["pointwise<square exp> sum", "sum"])
    }
}
