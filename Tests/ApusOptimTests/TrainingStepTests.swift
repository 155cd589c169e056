import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

/// Whole training steps: one evaluation each, from one plan.
@Suite(.serialized) struct TrainingStepTests {
    private func makeStep(_ optimizer: Optimizer, _ net: Module) -> () -> Double {
        let input = Tensor.randn(8, 4, generator: Generator(seed: 3))
        let target = Tensor((0..<8).map { Int64($0 % 3) })
        return {
            let loss = crossEntropy(net(input), target)
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()
            return loss.item()
        }
    }

    @Test func theLossFalls() {
        let net = Sequential(Linear(4, 16), Tanh(), Linear(16, 3))
        let step = makeStep(Adam(net.parameters(), lr: 0.05), net)
        let first = step()
        var last = first
        for _ in 0..<200 { last = step() }
        // Eight samples in three classes can be learnt by heart.
        #expect(last < first / 10)
    }

    @Test func fromTheThirdStepOnOnePlanIsReplayed() async throws {
        let net = Sequential(Linear(4, 16), Tanh(), Linear(16, 3))
        let optimizer = Adam(net.parameters(), lr: 0.05)
        let step = makeStep(optimizer, net)
        for _ in 0..<3 { _ = step() }
        // Other tests may use the engine at the same time; only in some rounds its counters are this test's own.
        for round in 0..<2_000 {
            let before = Engine.shared.counters
            for index in 0..<4 {
                optimizer.lr = 0.01 / Double(round + index + 1)
                _ = step()
            }
            let after = Engine.shared.counters
            let isAlone = after.evaluations - before.evaluations == 4
            if isAlone, after.plansMade == before.plansMade, after.cacheHits - before.cacheHits == 4 { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("in no round four steps were four evaluations from plans that were there already")
    }
}
