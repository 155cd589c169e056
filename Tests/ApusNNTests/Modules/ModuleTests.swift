import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct ModuleTests {
    private final class Block: Module {
        let conv1 = Linear(2, 2)
        override func forward(_ input: Tensor) -> Tensor { conv1(input).relu() }
    }

    private final class Net: Module {
        let features = Sequential(Block(), Block())
        var fc = Linear(3, 1)
        override func forward(_ input: Tensor) -> Tensor { fc(features(input)) }
    }

    @Test func errorsNameThePathOfTheLayer() {
        let net = Net()
        #expect(
            message { _ = net(.zeros(4, 2)) }?.hasPrefix("fc: Linear(in_features: 3): the input has 2 features.")
                == true)
        #expect(message { _ = net(.zeros(4, 5)) }?.hasPrefix("features.0.conv1: Linear(in_features: 2)") == true)
        // Called by itself the same layer is the root.
        #expect(message { _ = net.features(.zeros(4, 5)) }?.hasPrefix("0.conv1: Linear") == true)
        #expect(message { _ = net(.zeros(4, 5)) }?.hasPrefix("features.0.conv1: Linear") == true)
        #expect(message { _ = net.fc(.zeros(4, 5)) }?.hasPrefix("Linear(in_features: 3)") == true)
    }

    @Test func aReplacedChildIsNamedAfterParametersAreListedAnew() {
        let net = Net()
        _ = message { _ = net(.zeros(4, 5)) }
        net.fc = Linear(7, 1)
        _ = net.parameters()
        #expect(message { _ = net(.zeros(4, 2)) }?.hasPrefix("fc: Linear(in_features: 7)") == true)
    }

    @Test func aModuleMadeInForwardIsNamedByItsClass() {
        final class Functional: Module {
            override func forward(_ input: Tensor) -> Tensor { Linear(3, 1)(input) }
        }
        #expect(message { _ = Functional()(.zeros(4, 2)) }?.hasPrefix("(Linear): Linear(in_features: 3)") == true)
    }

    @Test func applyVisitsChildrenFirst() {
        var order: [String] = []
        Net().apply { order.append($0.typeName) }
        #expect(order == ["Linear", "Block", "Linear", "Block", "Sequential", "Linear", "Net"])
    }

    @Test func trainAndEvalReachAllModules() {
        let net = Net()
        let all = [Bool](repeating: true, count: 7)
        #expect(net.modules().map(\.isTraining) == all)
        #expect(net.eval() === net)
        #expect(net.modules().map(\.isTraining) == all.map { !$0 })
        net.train()
        #expect(net.modules().map(\.isTraining) == all)
    }

    @Test func parametersAreUpdatedByHand() {
        let parameter = Parameter(Tensor([1.0, 2.0]))
        (parameter.tensor * Tensor([3.0, 4.0])).sum().backward()
        #expect(parameter.grad?.array() == [3, 4] as [Float])
        if let gradient = parameter.grad { parameter.data -= 0.5 * gradient }
        #expect(parameter.data.array() == [-0.5, 0] as [Float])
        parameter.grad?.fill(0)
        #expect(parameter.grad?.array() == [0, 0] as [Float])
    }

    @Test func aFrozenParameterGetsNoGradient() {
        let layer = Linear(2, 1)
        layer.weight.requiresGrad = false
        layer(.ones(3, 2)).sum().backward()
        #expect(layer.weight.grad == nil)
        #expect(layer.bias?.grad?.array() == [3] as [Float])
        layer.zeroGrad()
        #expect(layer.bias?.grad == nil)
    }

    @Test func aModuleMovesBetweenTypesAndStaysOnTheProcessor() {
        let layer = Linear(2, 1).to(.float64).to(.cpu)
        #expect(layer.weight.dtype == .float64)
        #expect(layer(.ones(1, 2, dtype: .float64)).dtype == .float64)
        #expect(message { layer.to(.cuda(0)) }?.contains("cuda:0 is not available") == true)
        #expect(message { layer.to(.int64) } != nil)
    }

    @Test func aModuleWithoutForwardSaysSo() {
        #expect(message { _ = ModuleList()(.zeros(1)) }?.hasPrefix("ModuleList: this module has no forward") == true)
    }

    @Test func sequentialsGrowAndCanBeTakenApart() {
        let net = Sequential(Flatten(), Linear(4, 2))
        net.append(ReLU())
        #expect(net.count == 3)
        #expect(net[2] is ReLU)
        net[1] = Linear(4, 3)
        #expect(net(.zeros(5, 2, 2)).shape == [5, 3])
        #expect(net[0..<2].stateDict().keys == ["1.weight", "1.bias"])
        #expect(net[0..<2][1] === net[1])
        let named = Sequential(named: [("conv", Linear(1, 1, bias: false)), ("act", ReLU())])
        #expect(named.stateDict().keys == ["conv.weight"])
        #expect(message { _ = Sequential(named: [("a.b", ReLU())]) } != nil)
        #expect(Sequential()(Tensor([1.0])).array() == [1] as [Float])
    }
}
