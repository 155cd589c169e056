import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

/// In evaluation mode batch norm is folded into the convolutions, whose weights are prepared once.
@Suite("Weights prepared once")
struct ConstantWeightsTests {
    /// 16 channels, so that oneDNN wants the weights in blocks.
    private final class Net: Module {
        let first = Conv2d(16, 16, kernelSize: 3, stride: 2)
        let firstNorm = BatchNorm2d(16)
        let second = Conv2d(16, 24, kernelSize: 1)
        let secondNorm = BatchNorm2d(24)

        override func forward(_ x: Tensor) -> Tensor { secondNorm(second(firstNorm(first(x)).relu())) }

        /// The same, with every value computed by itself: nothing is folded.
        func stepByStep(_ x: Tensor) throws -> Tensor {
            var y = first(x)
            try Tensor.evaluate([y])
            y = firstNorm(y).relu()
            try Tensor.evaluate([y])
            y = second(y)
            try Tensor.evaluate([y])
            return secondNorm(y)
        }
    }

    private let x = Tensor.rand(3, 16, 11, 13)

    private func expectAgreement(_ net: Net, _ what: String) throws {
        try noGrad {
            let expected = try net.stepByStep(x)
            try Tensor.evaluate([expected])
            // The second run finds what the first one prepared.
            for run in 0..<2 {
                let difference: Double = (net(x) - expected).abs().max().item()
                #expect(difference < 1e-4, "\(what), run \(run)")
            }
        }
    }

    @Test("changed weights and statistics count, however they change")
    func changes() throws {
        let net = Net()
        for _ in 0..<3 { try noGrad { try Tensor.evaluate([net(x)]) } }
        net.eval()
        try expectAgreement(net, "statistics of three batches")
        net.first.weight.data = net.first.weight.data * 2.0
        try expectAgreement(net, "another weight")
        let mean = try #require(net.secondNorm.runningMean)
        mean.data = mean.data + 3.0
        try expectAgreement(net, "another mean")
        // An optimizer writes over the weights in place.
        net.train()
        let optimizer = SGD(net.parameters(), lr: 0.1)
        for step in 0..<3 {
            net.train()
            net(x).square().mean().backward()
            optimizer.step()
            optimizer.zeroGrad()
            net.eval()
            try expectAgreement(net, "step \(step) of training")
        }
        let other = Net()
        try net.load(other.stateDict())
        try expectAgreement(net, "loaded weights")
    }

    @Test("a run with the same weights has fewer steps")
    func fewerSteps() throws {
        let net = Net().eval()
        func steps() throws -> [Profile.Step] {
            try noGrad {
                let y = net(x)
                return try Engine.shared.profile { try Tensor.evaluate([y]) }.steps.filter {
                    $0.shapes.contains("[24, 16, 1, 1]")
                }
            }
        }
        let first = try steps()
        #expect(first.contains { $0.operation.contains("mul") })
        // The second run makes a plan without the weights' initialisation.
        _ = try steps()
        for _ in 0..<2 {
            let later = try steps()
            #expect(later.count < first.count)
            let operations = later.map(\.operation)
            #expect(operations == ["convolution"])
        }
    }
}
