import ApusGraph
import ApusNN
import Testing

@Suite struct ReflectionTests {
    private class Base: Module {
        let stem = Linear(2, 3, bias: false)
        let gain = Parameter(.ones(2))
    }

    private final class Net: Base {
        let numSteps = 3
        var downSample: Linear? = Linear(3, 4, bias: false)
        var absent: Linear?
        let blocks: [Module] = [Linear(1, 1, bias: false), ReLU(), Linear(1, 2, bias: false)]
        let nested: [[Linear]] = [[Linear(1, 1, bias: false)], []]
        let heads: [String: Module] = ["right": Linear(1, 1, bias: false), "left": Linear(2, 1, bias: false)]
        let offsets: [Parameter] = [Parameter(.zeros(1)), Parameter(.zeros(2))]
        let runningMean = Buffer(.zeros(5))
        let scratch = Buffer(.zeros(7), isPersistent: false)
        let weights = [Float](repeating: 0, count: 1_000)
    }

    @Test func findsMembersInDeclarationOrderSuperclassesFirst() {
        #expect(
            Net().namedParameters().map(\.name) == [
                "gain", "offsets.0", "offsets.1", "stem.weight", "down_sample.weight", "blocks.0.weight",
                "blocks.2.weight", "nested.0.0.weight", "heads.left.weight", "heads.right.weight",
            ])
        #expect(Net().namedBuffers().map(\.name) == ["running_mean", "scratch"])
    }

    @Test func childrenHaveTheirPropertiesNames() {
        #expect(
            Net().children.map(\.name) == [
                "stem", "down_sample", "blocks.0", "blocks.1", "blocks.2", "nested.0.0", "heads.left", "heads.right",
            ])
        #expect(Net().namedModules().first?.name == "")
    }

    private final class Spelling: Module {
        let bn1 = Parameter(.zeros(1))
        let conv2d = Parameter(.zeros(1))
        let conv1x1 = Parameter(.zeros(1))
        let pool2D = Parameter(.zeros(1))
        let layer1Norm = Parameter(.zeros(1))
        let runningVar = Parameter(.zeros(1))
        let fcBNOut = Parameter(.zeros(1))
        let numBatchesTracked = Parameter(.zeros(1))
        let inProj = Parameter(.zeros(1))
    }

    @Test func namesTurnToSnakeCase() {
        #expect(
            Spelling().stateDict().keys == [
                "bn1", "conv2d", "conv1x1", "pool2d", "layer1_norm", "running_var", "fc_bn_out", "num_batches_tracked",
                "in_proj",
            ])
    }

    private final class Lazy: Module {
        lazy var head = Linear(1, 1)
        lazy var label = "not a module"
    }

    private final class Pairs: Module {
        let pair = (Linear(1, 1), 3)
    }

    private struct Bag {
        var module: Module
    }

    private final class Wrapped: Module {
        let bag: Bag? = Bag(module: ReLU())
    }

    private final class Circular: Module {
        var parent: Module?
        let child = Sequential()
    }

    @Test func whatReflectionWouldMissIsAnError() {
        let lazy = message { _ = Lazy().parameters() }
        #expect(lazy?.contains("Lazy: the property `head` is lazy") == true)
        let used = Lazy()
        _ = used.head
        #expect(message { _ = used.parameters() }?.contains("`head` is lazy") == true)
        #expect(
            message { _ = Pairs().parameters() }?.contains("`pair` holds a module or parameter inside of a tuple")
                == true)
        #expect(
            message { _ = Wrapped().stateDict() }?.contains("`bag` holds a module or parameter inside of a struct")
                == true)
    }

    @Test func aModuleThatHoldsItselfIsAnError() {
        let net = Circular()
        net.parent = net
        #expect(message { _ = net.stateDict() }?.contains("holds itself") == true)
        net.parent = nil
    }

    private final class Shared: Module {
        let first: Linear
        let second: Linear
        override init() {
            first = Linear(1, 1, bias: false)
            second = first
        }
    }

    @Test func aSharedModuleCountsOnceButHasBothKeys() {
        #expect(Shared().namedParameters().map(\.name) == ["first.weight"])
        #expect(Shared().stateDict().keys == ["first.weight", "second.weight"])
    }
}
