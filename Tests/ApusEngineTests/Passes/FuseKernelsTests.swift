import ApusPlan
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Fuse bias, sum and activation")
struct FuseKernelsTests {
    private static let geometry = ConvolutionGeometry(
        stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)

    @Test("convolution and activation", arguments: [PointwiseFunction.relu, .sigmoid, .tanh])
    func convolution(function: PointwiseFunction) throws {
        var builder = GraphBuilder()
        let (x, weight, bias) = (builder.input([2, 3, 5, 5]), builder.input([4, 3, 3, 3]), builder.input([4]))
        let y = try builder.results(Convolution(Self.geometry), [x, weight, bias])[0]
        builder.graph.outputs = [try builder.step(function, y)]
        let graph = try rewrite(builder, by: FuseKernels())
        #expect(graph.names == ["convolution+\(function.rawValue)"])
        #expect(graph.steps[0].inputs == [x, weight, bias])
    }

    /// A convolution that keeps its input's shape, [2, 3, 5, 5].
    private static func convolution(
        _ builder: inout GraphBuilder, _ x: Int, precision: Precision = .full
    ) throws -> Int {
        var geometry = geometry
        (geometry.paddingBefore, geometry.paddingAfter) = ([1, 1], [1, 1])
        return try builder.step(Convolution(geometry, precision: precision), x, builder.input([3, 3, 3, 3]))
    }

    @Test("a convolution takes the sum with a tensor of its shape, and the activation", arguments: [false, true])
    func residual(isFirst: Bool) throws {
        for activation in [nil, PointwiseFunction.relu, .sigmoid, .tanh] {
            var builder = GraphBuilder()
            let (x, z) = (builder.input([2, 3, 5, 5]), builder.input([2, 3, 5, 5]))
            let y = try Self.convolution(&builder, x)
            var sum = isFirst ? try builder.step(.add, z, y) : try builder.step(.add, y, z)
            if let activation { sum = try builder.step(activation, sum) }
            builder.graph.outputs = [sum]
            let graph = try rewrite(builder, by: FuseKernels())
            #expect(graph.names == ["convolution+add" + (activation.map { "+\($0.rawValue)" } ?? "")])
            #expect(graph.steps[0].inputs == [x, 2, z])
        }
    }

    @Test("the convolution's own input may be added, and what it was computed from")
    func ownInput() throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3, 5, 5])
        let first = try builder.step(.add, try Self.convolution(&builder, x), x)
        let inner = try builder.step(.exp, first)
        let second = try builder.step(.relu, try builder.step(.add, first, try Self.convolution(&builder, inner)))
        builder.graph.outputs = [second]
        let graph = try rewrite(builder, by: FuseKernels())
        #expect(graph.names == ["convolution+add", "exp", "convolution+add+relu"])
        #expect(graph.steps.map { $0.inputs.last } == [x, first, first])
    }

    @Test("of two convolutions the later one takes the sum", arguments: [false, true])
    func twoConvolutions(isLaterFirst: Bool) throws {
        var builder = GraphBuilder()
        let x = builder.input([2, 3, 5, 5])
        let (early, late) = (try Self.convolution(&builder, x), try Self.convolution(&builder, x))
        let sum = isLaterFirst ? try builder.step(.add, late, early) : try builder.step(.add, early, late)
        builder.graph.outputs = [try builder.step(.relu, sum)]
        let graph = try rewrite(builder, by: FuseKernels())
        #expect(graph.names == ["convolution", "convolution+add+relu"])
        #expect(graph.steps[1].inputs.last == early)
    }

    /// Fused into the earlier one, the later one would have to wait for its own result.
    @Test("a convolution that reads the other one takes the sum")
    func chained() throws {
        var builder = GraphBuilder()
        let first = try Self.convolution(&builder, builder.input([2, 3, 5, 5]))
        let second = try Self.convolution(&builder, first)
        builder.graph.outputs = [try builder.step(.add, first, second)]
        let graph = try rewrite(builder, by: FuseKernels())
        #expect(graph.names == ["convolution", "convolution+add"])
        #expect(graph.steps[1].inputs.last == first)
    }

    @Test(
        "what is broadcast is not fused",
        arguments: [[3, 1, 1], [5, 5], [2, 3, 1, 5], [1, 3, 5, 5], []] as [Shape])
    func broadcast(shape: Shape) throws {
        var builder = GraphBuilder()
        let (x, z) = (builder.input([2, 3, 5, 5]), builder.input(shape))
        builder.graph.outputs = [try builder.step(.add, try Self.convolution(&builder, x), z)]
        #expect(try rewrite(builder, by: FuseKernels()).names == ["convolution", "add"])
        var wider = GraphBuilder()
        let (image, batch) = (wider.input([1, 3, 5, 5]), wider.input([2, 3, 5, 5]))
        wider.graph.outputs = [try wider.step(.add, try Self.convolution(&wider, image), batch)]
        #expect(try rewrite(wider, by: FuseKernels()).names == ["convolution", "add"])
    }

    @Test("neither a second sum, nor one behind an activation, nor of one value, nor of factors of a lower precision")
    func otherSums() throws {
        var builder = GraphBuilder()
        let (x, z) = (builder.input([2, 3, 5, 5]), builder.input([2, 3, 5, 5]))
        let twice = try builder.step(.add, try builder.step(.add, try Self.convolution(&builder, x), z), x)
        let behind = try builder.step(.add, try builder.step(.relu, try Self.convolution(&builder, x)), z)
        let own = try Self.convolution(&builder, x)
        let doubled = try builder.step(.add, own, own)
        builder.graph.outputs = [twice, behind, doubled]
        #expect(
            try rewrite(builder, by: FuseKernels()).names
                == ["convolution+add", "add", "convolution+relu", "add", "convolution", "add"])
        var rounded = GraphBuilder()
        let image = rounded.input([2, 3, 5, 5])
        let y = try Self.convolution(&rounded, image, precision: .bfloat16)
        rounded.graph.outputs = [try rounded.step(.add, y, image)]
        #expect(try rewrite(rounded, by: FuseKernels()).names == rounded.graph.names)
    }

    @Test("not where the convolution or the sum is read elsewhere, or leaves the plan")
    func readElsewhereInSums() throws {
        var builder = GraphBuilder()
        let (x, z) = (builder.input([2, 3, 5, 5]), builder.input([2, 3, 5, 5]))
        let y = try Self.convolution(&builder, x)
        builder.graph.outputs = [try builder.step(.relu, try builder.step(.add, y, z)), y]
        #expect(try rewrite(builder, by: FuseKernels()).names == ["convolution", "add", "relu"])
        var kept = GraphBuilder()
        let (image, other) = (kept.input([2, 3, 5, 5]), kept.input([2, 3, 5, 5]))
        let sum = try kept.step(.add, try Self.convolution(&kept, image), other)
        kept.graph.outputs = [try kept.step(.relu, sum), sum]
        #expect(try rewrite(kept, by: FuseKernels()).names == ["convolution+add", "relu"])
    }

    @Test("matrix product, bias and activation")
    func matmul() throws {
        var builder = GraphBuilder()
        let (x, weight, bias) = (builder.input([2, 3]), builder.input([5, 3]), builder.input([5]))
        let product = try builder.step(MatMul(transposesRight: true), x, weight)
        builder.graph.outputs = [try builder.step(.sigmoid, try builder.step(.add, product, bias))]
        let graph = try rewrite(builder, by: FuseKernels())
        #expect(graph.names == ["matmul+bias+sigmoid"])
        #expect(graph.steps[0].inputs == [x, weight, bias])
    }

    @Test("only one activation joins, and no other function")
    func others() throws {
        var builder = GraphBuilder()
        let (x, y) = (builder.input([2, 3]), builder.input([3, 2]))
        let twice = try builder.step(.tanh, try builder.step(.relu, try builder.step(MatMul(), x, y)))
        let exponential = try builder.step(.exp, try builder.step(MatMul(), y, x))
        builder.graph.outputs = [twice, exponential]
        #expect(try rewrite(builder, by: FuseKernels()).names == ["matmul+relu", "tanh", "matmul", "exp"])
    }

    @Test("not where the product is read elsewhere, or leaves the plan")
    func readElsewhere() throws {
        var builder = GraphBuilder()
        let (x, bias) = (builder.input([3, 3]), builder.input([3]))
        let product = try builder.step(MatMul(), x, x)
        let sum = try builder.step(.add, product, bias)
        builder.graph.outputs = [try builder.step(.sub, sum, product)]
        #expect(try rewrite(builder, by: FuseKernels()).names == ["matmul", "add", "sub"])
        var leaving = GraphBuilder()
        let a = leaving.input([3, 3])
        let kept = try leaving.step(MatMul(), a, a)
        leaving.graph.outputs = [try leaving.step(.relu, kept), kept]
        #expect(try rewrite(leaving, by: FuseKernels()).names == ["matmul", "relu"])
    }

    @Test(
        "an addend that is not one number a column is no bias",
        arguments: [[3, 1], [1, 3], [3, 3], [], [1]] as [Shape])
    func otherAddends(shape: Shape) throws {
        var builder = GraphBuilder()
        let (x, addend) = (builder.input([3, 3]), builder.input(shape))
        builder.graph.outputs = [try builder.step(.add, try builder.step(MatMul(), x, x), addend)]
        #expect(try rewrite(builder, by: FuseKernels()).names == ["matmul", "add"])
    }
}

@Suite("Fuse softmax and cross-entropy")
struct FuseCrossEntropyTests {
    private static let softmax = Softmax(dimension: 1, isLogarithm: true)
    private static let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)

    @Test("forward and backward")
    func bothWays() throws {
        var builder = GraphBuilder()
        let (x, labels, dy) = (builder.input([4, 5]), builder.input([4], .int64), builder.input([4]))
        let logarithms = try builder.step(Self.softmax, x)
        let losses = try builder.results(Self.loss, [logarithms, labels])
        let spread = try builder.step(NegativeLogLikelihoodGradient(Self.loss, inputShape: [4, 5]), dy, labels)
        builder.graph.outputs = losses + [try builder.step(SoftmaxGradient(Self.softmax), logarithms, spread)]
        let graph = try rewrite(builder, by: FuseCrossEntropy())
        #expect(graph.names == ["softmax+cross_entropy", "softmax+cross_entropy gradient"])
    }

    @Test("readers of the logarithms that came first come later")
    func otherReaders() throws {
        var builder = GraphBuilder()
        let (x, labels) = (builder.input([4, 5]), builder.input([4], .int64))
        let logarithms = try builder.step(Self.softmax, x)
        let probabilities = try builder.step(.exp, logarithms)
        builder.graph.outputs = [probabilities, logarithms, try builder.step(Self.loss, logarithms, labels)]
        #expect(try rewrite(builder, by: FuseCrossEntropy()).names == ["softmax+cross_entropy", "exp"])
    }

    /// Joined they would wait for each other.
    @Test("not where the classes come from the logarithms")
    func ownPredictions() throws {
        var builder = GraphBuilder()
        let x = builder.input([4, 5])
        let logarithms = try builder.step(Self.softmax, x)
        let labels = try builder.step(ArgReduction(isMaximum: true, dimension: 1, keepDim: false), logarithms)
        builder.graph.outputs = [try builder.step(Self.loss, logarithms, labels)]
        #expect(try rewrite(builder, by: FuseCrossEntropy()).names == ["log_softmax", "argmax", "nll_loss"])
    }

    /// Each pair alone could be joined; both together would wait for each other.
    @Test("not where two losses take their classes from each other")
    func crossedPredictions() throws {
        var builder = GraphBuilder()
        let first = try builder.step(Self.softmax, builder.input([4, 5]))
        let second = try builder.step(Self.softmax, builder.input([4, 5]))
        let best = ArgReduction(isMaximum: true, dimension: 1, keepDim: false)
        let (ofFirst, ofSecond) = (try builder.step(best, first), try builder.step(best, second))
        builder.graph.outputs = [
            try builder.step(Self.loss, first, ofSecond), try builder.step(Self.loss, second, ofFirst),
        ]
        let names = try rewrite(builder, by: FuseCrossEntropy()).names
        #expect(names.filter { $0 == "softmax+cross_entropy" }.count == 1)
    }

    @Test("for planes too")
    func planes() throws {
        var builder = GraphBuilder()
        let planes = try builder.step(Self.softmax, builder.input([2, 3, 4]))
        builder.graph.outputs = [try builder.step(Self.loss, planes, builder.input([2, 4], .int64))]
        #expect(try rewrite(builder, by: FuseCrossEntropy()).names == ["softmax+cross_entropy"])
    }

    @Test("not for other dimensions or probabilities")
    func others() throws {
        var builder = GraphBuilder()
        let along = try builder.step(Softmax(dimension: 0, isLogarithm: true), builder.input([4, 5]))
        let probabilities = try builder.step(Softmax(dimension: 1, isLogarithm: false), builder.input([4, 5]))
        let labels = builder.input([4], .int64)
        builder.graph.outputs = [
            try builder.step(Self.loss, along, labels), try builder.step(Self.loss, probabilities, labels),
        ]
        #expect(try rewrite(builder, by: FuseCrossEntropy()).steps.count == 4)
    }
}
