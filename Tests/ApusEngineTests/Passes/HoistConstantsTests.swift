import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Hoist constants")
struct HoistConstantsTests {
    private static let geometry = ConvolutionGeometry(
        stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)

    @Test("what is computed from weights for a convolution comes first, and counts as constant")
    func weights() throws {
        var builder = GraphBuilder()
        let (x, weight, scale) = (builder.input([2, 3, 5, 5]), builder.input([4, 3, 3, 3]), builder.input([1]))
        let image = try builder.step(.exp, x)
        let half = try builder.step(.mul, weight, scale)
        let scaled = try builder.step(.neg, half)
        builder.graph.outputs = [try builder.step(Convolution(Self.geometry), image, scaled)]
        let graph = try rewrite(builder, by: HoistConstants())
        #expect(graph.names == ["mul", "neg", "exp", "convolution"])
        #expect(graph.constantSteps == 2)
        var memory = PlanMemory(graph)
        let layout = memory.plan()
        // The product is needed by the constant steps alone; the weights stay.
        #expect(layout.slots[scaled] == .constant(0))
        #expect(layout.constantBytes == 448)
        guard case .arena = layout.slots[half] else {
            Issue.record("\(String(describing: layout.slots[half]))")
            return
        }
    }

    @Test("images, results, weights that are written over and weights that others read are not constant")
    func others() throws {
        for isDonated in [false, true] {
            var builder = GraphBuilder()
            let (x, weight) = (builder.input([2, 3, 5, 5]), builder.input([4, 3, 3, 3], isDonated: isDonated))
            let scaled = try builder.step(.neg, weight)
            let y = try builder.step(Convolution(Self.geometry), try builder.step(.neg, x), scaled)
            builder.graph.outputs = isDonated ? [y] : [y, scaled]
            #expect(try rewrite(builder, by: HoistConstants()).constantSteps == 0)
        }
        var builder = GraphBuilder()
        let (x, weight) = (builder.input([2, 3, 5, 5]), builder.input([4, 3, 3, 3]))
        let doubled = try builder.step(.add, weight, weight)
        let scaled = try builder.step(.neg, doubled)
        let y = try builder.step(Convolution(Self.geometry), x, scaled)
        builder.graph.outputs = [y, try builder.step(.exp, doubled)]
        #expect(try rewrite(builder, by: HoistConstants()).constantSteps == 0)
    }

    @Test("what is added to a convolution is an image, which is not kept")
    func addend() throws {
        var builder = GraphBuilder()
        let (x, weight) = (builder.input([2, 3, 5, 5]), builder.input([4, 3, 3, 3]))
        let (image, scaled) = (try builder.step(.exp, builder.input([2, 4, 3, 3])), try builder.step(.neg, weight))
        let fused = FusedConvolution(Convolution(Self.geometry), addsInput: true, .relu)
        builder.graph.outputs = [try builder.step(fused, x, scaled, image)]
        let graph = try rewrite(builder, by: HoistConstants())
        #expect(graph.names == ["neg", "exp", "convolution+add+relu"])
        #expect(graph.constantSteps == 1)
    }
}
