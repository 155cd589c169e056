import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse convolution and pooling")
struct FuseConvolutionPoolTests {
    private static let geometry = ConvolutionGeometry(
        stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
    private static let window = PoolingGeometry(
        kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false)
    private let pass = FuseConvolutionPool(backends: [FusingBackend(fuses: true)])

    /// pool(x * w + b), and the values between.
    private func layer(_ builder: inout GraphBuilder) throws -> (convolved: Int, pooled: [Int]) {
        let inputs = [builder.input([2, 3, 6, 6]), builder.input([4, 3, 3, 3]), builder.input([4])]
        let convolved = try builder.results(Convolution(Self.geometry), inputs)[0]
        return (convolved, try builder.results(MaxPool(Self.window), [convolved]))
    }

    @Test("with the activation behind, or without", arguments: [PointwiseFunction.relu, .sigmoid, .tanh, .exp])
    func activations(function: PointwiseFunction) throws {
        var builder = GraphBuilder()
        let pooled = try layer(&builder).pooled
        builder.graph.outputs = [try builder.step(function, pooled[0]), pooled[1]]
        let names = try rewrite(builder, by: pass).names
        #expect(
            names
                == (function == .exp ? ["convolution+max_pool", "exp"] : ["convolution+max_pool+\(function.rawValue)"]))
    }

    @Test("the activation before the pooling, once that is swapped")
    func behindSwap() throws {
        var builder = GraphBuilder()
        let inputs = [builder.input([2, 3, 6, 6]), builder.input([4, 3, 3, 3])]
        let activated = try builder.step(.tanh, try builder.results(Convolution(Self.geometry), inputs)[0])
        builder.graph.outputs = [try builder.results(MaxPool(Self.window), [activated])[0]]
        #expect(try rewrite(builder, by: PoolBeforeActivation(), pass).names == ["convolution+max_pool+tanh"])
    }

    @Test("the activation stays where the pooled values are read elsewhere")
    func pooledReadElsewhere() throws {
        var builder = GraphBuilder()
        let pooled = try layer(&builder).pooled
        let activated = try builder.step(.relu, pooled[0])
        builder.graph.outputs = [try builder.step(.sub, activated, pooled[0])]
        #expect(try rewrite(builder, by: pass).names == ["convolution+max_pool", "relu", "sub"])
        var leaving = builder
        leaving.graph.outputs = [activated, pooled[0]]
        leaving.graph.steps.removeLast()
        #expect(try rewrite(leaving, by: pass).names == ["convolution+max_pool", "relu"])
    }

    @Test("not where the convolution is read elsewhere, or leaves the plan")
    func convolutionReadElsewhere() throws {
        var builder = GraphBuilder()
        let layer = try layer(&builder)
        builder.graph.outputs = [layer.pooled[0], layer.convolved]
        #expect(try rewrite(builder, by: pass).names == ["convolution", "max_pool"])
        builder.graph.outputs = [layer.pooled[0], try builder.step(.exp, layer.convolved)]
        #expect(try rewrite(builder, by: pass).names == ["convolution", "max_pool", "exp"])
    }

    @Test("not where the backend has no kernel for it")
    func unsupported() throws {
        var builder = GraphBuilder()
        builder.graph.outputs = [try layer(&builder).pooled[0]]
        let refusing = FuseConvolutionPool(backends: [FusingBackend(fuses: false)])
        #expect(try rewrite(builder, by: refusing).names == ["convolution", "max_pool"])
    }
}
