import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Pool before activation")
struct PoolBeforeActivationTests {
    private static let geometry = PoolingGeometry(
        kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false)
    private static let gradients: [PointwiseFunction: PointwiseFunction] = [
        .relu: .reluGradient, .sigmoid: .sigmoidGradient, .tanh: .tanhGradient,
    ]

    /// y = pool(σ(x)), and dx for a given dy.
    private func layer(
        _ function: PointwiseFunction, _ builder: inout GraphBuilder, _ x: Int, _ dy: Int
    ) throws -> (activated: Int, pooled: [Int], dx: Int) {
        let activated = try builder.step(function, x)
        let pooled = try builder.results(MaxPool(Self.geometry), [activated])
        let shape = builder.graph.values[x].spec.shape
        let spread = try builder.step(MaxPoolGradient(Self.geometry, inputShape: shape), dy, pooled[1])
        let gradient = try #require(Self.gradients[function])
        return (activated, pooled, try builder.step(gradient, activated, spread))
    }

    @Test("forward", arguments: [PointwiseFunction.relu, .sigmoid, .tanh])
    func forward(function: PointwiseFunction) throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3, 6, 4])
        let pooled = try builder.results(MaxPool(Self.geometry), [try builder.step(function, x)])
        builder.graph.outputs = [pooled[0]]
        let graph = try rewrite(builder, by: PoolBeforeActivation())
        #expect(graph.names == ["max_pool", function.rawValue])
        #expect(graph.values[graph.steps[1].inputs[0]].spec.shape == [2, 3, 3, 2])
    }

    /// Where relu gives 0 for a whole window the position may differ, and with it a gradient that is 0 anyway.
    @Test("forward and backward", arguments: [PointwiseFunction.relu, .sigmoid, .tanh])
    func backward(function: PointwiseFunction) throws {
        var builder = GraphBuilder()
        let (x, dy) = (builder.input([2, 3, 6, 4]), builder.input([2, 3, 3, 2]))
        let layer = try layer(function, &builder, x, dy)
        builder.graph.outputs = [layer.pooled[0], layer.dx]
        let graph = try rewrite(builder, by: PoolBeforeActivation())
        #expect(
            graph.names == ["max_pool", function.rawValue, Self.gradients[function]?.rawValue, "max_pool gradient"])
    }

    @Test("two layers, one behind the other")
    func twoLayers() throws {
        var builder = GraphBuilder()
        let (x, dy) = (builder.input([1, 2, 8, 8]), builder.input([1, 2, 2, 2]))
        let first = try builder.step(.tanh, x)
        let pooled = try builder.results(MaxPool(Self.geometry), [first])
        let second = try layer(.sigmoid, &builder, pooled[0], dy)
        let spread = try builder.step(
            MaxPoolGradient(Self.geometry, inputShape: [1, 2, 8, 8]), second.dx, pooled[1])
        builder.graph.outputs = [second.pooled[0], try builder.step(.tanhGradient, first, spread)]
        let graph = try rewrite(builder, by: PoolBeforeActivation())
        let activations = graph.steps.filter { $0.primitive is Pointwise }
        // Every activation and its gradient work on pooled values.
        #expect(activations.map { graph.values[$0.outputs[0]].spec.shape[2] }.sorted() == [2, 2, 4, 4])
    }

    @Test("not where the activated values are read elsewhere, or leave the plan")
    func readElsewhere() throws {
        var builder = GraphBuilder()
        let (x, dy) = (builder.input([1, 1, 4, 4]), builder.input([1, 1, 2, 2]))
        let layer = try layer(.tanh, &builder, x, dy)
        builder.graph.outputs = [layer.pooled[0], layer.dx]
        var read = builder
        read.graph.outputs.append(try read.step(.exp, layer.activated))
        #expect(try rewrite(read, by: PoolBeforeActivation()).names == read.graph.names)
        var leaving = builder
        leaving.graph.outputs.append(layer.activated)
        #expect(try rewrite(leaving, by: PoolBeforeActivation()).names == builder.graph.names)
    }

    @Test("not where the gradient comes from elsewhere too")
    func otherGradients() throws {
        var builder = GraphBuilder()
        let (x, dy, more) = (builder.input([1, 1, 4, 4]), builder.input([1, 1, 2, 2]), builder.input([1, 1, 4, 4]))
        let activated = try builder.step(.sigmoid, x)
        let pooled = try builder.results(MaxPool(Self.geometry), [activated])
        let spread = try builder.step(MaxPoolGradient(Self.geometry, inputShape: [1, 1, 4, 4]), dy, pooled[1])
        let sum = try builder.step(.add, spread, more)
        builder.graph.outputs = [pooled[0], try builder.step(.sigmoidGradient, activated, sum)]
        #expect(try rewrite(builder, by: PoolBeforeActivation()).names == builder.graph.names)
    }

    @Test("not for functions that do not rise")
    func otherFunctions() throws {
        for function in [PointwiseFunction.abs, .square, .sin, .exp] {
            var builder = GraphBuilder()
            let x = builder.input([1, 1, 4, 4])
            builder.graph.outputs = [try builder.results(MaxPool(Self.geometry), [try builder.step(function, x)])[0]]
            #expect(try rewrite(builder, by: PoolBeforeActivation()).names == [function.rawValue, "max_pool"])
        }
    }

    @Test("a convolution keeps its relu, unless joined with the pooling or with a gradient", arguments: [false, true])
    func behindConvolution(joins: Bool) throws {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)
        let pass = PoolBeforeActivation(backends: [FusingBackend(fuses: joins)])
        for function in [PointwiseFunction.relu, .tanh] {
            var builder = GraphBuilder()
            let (x, weight) = (builder.input([2, 3, 6, 4]), builder.input([3, 3, 3, 3]))
            let activated = try builder.step(function, try builder.step(Convolution(geometry), x, weight))
            builder.graph.outputs = [try builder.results(MaxPool(Self.geometry), [activated])[0]]
            let isKept = function == .relu && !joins
            #expect(
                try rewrite(builder, by: pass).names
                    == ["convolution"]
                    + (isKept ? [function.rawValue, "max_pool"] : ["max_pool", function.rawValue]))
        }
        var trained = GraphBuilder()
        let (x, weight, dy) = (
            trained.input([2, 3, 6, 4]), trained.input([3, 3, 3, 3]), trained.input([2, 3, 3, 2])
        )
        let layer = try layer(.relu, &trained, try trained.step(Convolution(geometry), x, weight), dy)
        trained.graph.outputs = [layer.pooled[0], layer.dx]
        #expect(try rewrite(trained, by: pass).names.prefix(3) == ["convolution", "max_pool", "relu"])
    }
}
