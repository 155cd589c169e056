import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse batch norm and relu")
struct FuseBatchNormalizationTests {
    private let pass = FuseBatchNormalization(backends: [FusingBackend(fuses: true)])
    private let norm = BatchNormalization(epsilon: 1e-5, isAffine: false)

    @Test("with ReLU")
    func relu() throws {
        var builder = GraphBuilder()
        let results = try builder.results(norm, [builder.input([4, 3, 5, 5])])
        // The statistics are read before the ReLU is made.
        let shifted = try builder.step(.neg, results[1])
        builder.graph.outputs = [try builder.step(.relu, results[0]), shifted, results[2]]
        #expect(try rewrite(builder, by: pass).names == ["batch_norm+relu", "neg"])
    }

    @Test("with a shortcut, on either side", arguments: [false, true])
    func shortcut(isFirst: Bool) throws {
        var builder = GraphBuilder()
        let (x, other) = (builder.input([4, 3, 5, 5]), builder.input([4, 3, 5, 5]))
        let normalized = try builder.results(norm, [x])[0]
        // Made after the norm.
        let shortcut = try builder.step(.exp, other)
        let sum = try isFirst ? builder.step(.add, shortcut, normalized) : builder.step(.add, normalized, shortcut)
        builder.graph.outputs = [try builder.step(.relu, sum)]
        let graph = try rewrite(builder, by: pass)
        #expect(Set(graph.names) == ["exp", "batch_norm+add+relu"])
    }

    @Test("the gradient with ReLU's")
    func gradient() throws {
        var builder = GraphBuilder()
        let (x, y, dy) = (builder.input([4, 3, 5, 5]), builder.input([4, 3, 5, 5]), builder.input([4, 3, 5, 5]))
        let statistics = (builder.input([3]), builder.input([3]), builder.input([3]))
        let masked = try builder.step(.reluGradient, y, dy)
        builder.graph.outputs = try builder.results(
            BatchNormalizationGradient(), [masked, x, statistics.0, statistics.1, statistics.2])
        #expect(try rewrite(builder, by: pass).names == ["batch_norm+relu gradient"])
        builder.graph.outputs.append(masked)
        #expect(try rewrite(builder, by: pass).names == ["reluGradient", "batch_norm gradient"])
    }

    @Test("not where the normalised tensor is read elsewhere, or an addend depends on the statistics")
    func others() throws {
        var builder = GraphBuilder()
        let results = try builder.results(norm, [builder.input([4, 3, 5, 5])])
        builder.graph.outputs = [try builder.step(.relu, results[0]), results[0]]
        #expect(try rewrite(builder, by: pass).names == ["batch_norm", "relu"])

        var dependent = GraphBuilder()
        let norms = try dependent.results(norm, [dependent.input([4, 3, 1, 3])])
        let spread = try dependent.step(Expand([4, 3, 1, 3]), norms[1])
        dependent.graph.outputs = [try dependent.step(.relu, try dependent.step(.add, norms[0], spread))]
        #expect(try rewrite(dependent, by: pass).names == ["batch_norm", "expand", "add", "relu"])
    }
}
