import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse pooling and activation gradients")
struct FusePoolGradientTests {
    private static let pool = AveragePool(
        PoolingGeometry(kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false),
        countIncludePad: true, divisorOverride: nil)
    private let pass = FusePoolGradient(backends: [FusingBackend(fuses: true)])

    /// σ′(y) · the spread dy, and the spread dy.
    private func layer(_ function: PointwiseFunction, _ builder: inout GraphBuilder) throws -> (dx: Int, spread: Int) {
        let (y, dy) = (builder.input([2, 3, 6, 4]), builder.input([2, 3, 3, 2]))
        let spread = try builder.step(AveragePoolGradient(Self.pool, inputShape: [2, 3, 6, 4]), dy)
        return (try builder.step(function, y, spread), spread)
    }

    @Test("of activations alone", arguments: [PointwiseFunction.reluGradient, .sigmoidGradient, .tanhGradient, .mul])
    func activations(function: PointwiseFunction) throws {
        var builder = GraphBuilder()
        builder.graph.outputs = [try layer(function, &builder).dx]
        let names = try rewrite(builder, by: pass).names
        #expect(
            names
                == (function == .mul
                    ? ["avg_pool gradient", "mul"] : ["avg_pool gradient+\(function.rawValue)"]))
    }

    @Test("not where the spread gradient is read elsewhere, or leaves the plan")
    func readElsewhere() throws {
        var builder = GraphBuilder()
        let layer = try layer(.sigmoidGradient, &builder)
        builder.graph.outputs = [layer.dx, layer.spread]
        #expect(try rewrite(builder, by: pass).names == ["avg_pool gradient", "sigmoidGradient"])
        builder.graph.outputs = [layer.dx, try builder.step(.exp, layer.spread)]
        #expect(try rewrite(builder, by: pass).names == ["avg_pool gradient", "sigmoidGradient", "exp"])
    }

    @Test("not where the pooling made the activation's result")
    func otherOperand() throws {
        var builder = GraphBuilder()
        let (x, dy) = (builder.input([2, 3, 6, 4]), builder.input([2, 3, 3, 2]))
        let spread = try builder.step(AveragePoolGradient(Self.pool, inputShape: [2, 3, 6, 4]), dy)
        builder.graph.outputs = [try builder.step(.sigmoidGradient, spread, x)]
        #expect(try rewrite(builder, by: pass).names == ["avg_pool gradient", "sigmoidGradient"])
    }

    @Test("not where the backend has no kernel for it")
    func unsupported() throws {
        var builder = GraphBuilder()
        builder.graph.outputs = [try layer(.tanhGradient, &builder).dx]
        let refusing = FusePoolGradient(backends: [FusingBackend(fuses: false)])
        #expect(try rewrite(builder, by: refusing).names == ["avg_pool gradient", "tanhGradient"])
    }
}
