import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fold batch norm")
struct FoldBatchNormalizationTests {
    private static let geometry = ConvolutionGeometry(
        stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)

    /// A convolution, and a normalisation of its four output channels by statistics that are inputs.
    private struct Chain {
        var builder = GraphBuilder()
        let convolved: Int
        let normalized: Int

        init(withBias: Bool, groups: Int = 1) throws {
            var geometry = FoldBatchNormalizationTests.geometry
            geometry.groups = groups
            var inputs = [builder.input([2, 6, 5, 5]), builder.input([4, 6 / groups, 3, 3])]
            if withBias { inputs.append(builder.input([4])) }
            convolved = try builder.results(Convolution(geometry), inputs)[0]
            var statistics: [Int] = []
            for _ in 0..<4 { statistics.append(builder.input([4])) }
            normalized = try builder.results(ChannelNormalization(), [convolved] + statistics)[0]
        }
    }

    @Test("one convolution computes the same", arguments: [false, true], [1, 2])
    func folded(withBias: Bool, groups: Int) throws {
        var chain = try Chain(withBias: withBias, groups: groups)
        chain.builder.graph.outputs = [chain.normalized]
        let expected = try chain.builder.graph.evaluated()
        let graph = try rewrite(chain.builder, by: FoldBatchNormalization(), keepsBits: false)
        #expect(graph.names.filter { $0 == "convolution" }.count == 1)
        #expect(!graph.names.contains("channel normalization"))
        let actual = try graph.evaluated()
        for (actual, expected) in zip(actual[0], expected[0]) {
            // Sums of 54 products of numbers below 1, scaled by less than 1: their order is another one.
            #expect(abs(actual - expected) < 1e-5)
        }
    }

    @Test("an activation still joins the convolution")
    func activation() throws {
        var chain = try Chain(withBias: true)
        chain.builder.graph.outputs = [try chain.builder.step(.relu, chain.normalized)]
        var graph = try rewrite(chain.builder, by: FoldBatchNormalization(), keepsBits: false)
        FuseKernels().run(&graph)
        #expect(graph.names.last == "convolution+relu")
        #expect(graph.isInOrder)
    }

    @Test("not where the convolution is read elsewhere, or leaves the plan")
    func readElsewhere() throws {
        var chain = try Chain(withBias: false)
        chain.builder.graph.outputs = [try chain.builder.step(.add, chain.normalized, chain.convolved)]
        #expect(
            try rewrite(chain.builder, by: FoldBatchNormalization()).names
                == ["convolution", "channel normalization", "add"])
        chain.builder.graph.outputs = [chain.normalized, chain.convolved]
        chain.builder.graph.steps.removeLast()
        #expect(
            try rewrite(chain.builder, by: FoldBatchNormalization()).names == ["convolution", "channel normalization"])
    }
}
