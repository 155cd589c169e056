import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

/// Every optimizer's steps are replayed from a plan that is there already.
@Suite(.serialized) struct OptimizerPlanTests {
    struct Maker: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// After how many steps the plan stays the same.
        var warmUp = 2
        let make: @Sendable ([Parameter]) -> Optimizer
    }

    @Test(arguments: [
        Maker(testDescription: "SGD") { SGD($0, lr: 0.01, momentum: 0.9, weightDecay: 0.1) },
        Maker(testDescription: "AdamW") { AdamW($0, amsgrad: true) },
        Maker(testDescription: "NAdam") { NAdam($0, weightDecay: 0.1) },
        // The sixth step is the first that is rectified.
        Maker(testDescription: "RAdam", warmUp: 7) { RAdam($0) },
        Maker(testDescription: "Adamax") { Adamax($0) },
        Maker(testDescription: "RMSprop") { RMSprop($0, momentum: 0.9, centered: true) },
        Maker(testDescription: "Adagrad") { Adagrad($0, lrDecay: 0.1) },
        Maker(testDescription: "Adadelta") { Adadelta($0) },
        Maker(testDescription: "Rprop") { Rprop($0) },
        Maker(testDescription: "ASGD") { ASGD($0, t0: 1) },
        // The running means take their second form from the third step on.
        Maker(testDescription: "Adafactor", warmUp: 4) { Adafactor($0) },
        Maker(testDescription: "Muon") { Muon($0) },
    ])
    func laterStepsNeedNoNewPlan(maker: Maker) async throws {
        // Sizes of its own, so that no other test makes this plan.
        let parameters = [Parameter(.ones(7, 11)), Parameter(.ones(3, 5))]
        let optimizer = maker.make(parameters)
        func step(_ index: Int) {
            for parameter in parameters { parameter.grad = Tensor.full(parameter.shape, Float(index % 3) - 0.7) }
            optimizer.lr = 0.01 / Double(index + 1)
            optimizer.step()
        }
        for index in 0..<maker.warmUp { step(index) }
        // Other tests may use the engine at the same time; only in some rounds its counters are this test's own.
        for round in 0..<2_000 {
            let before = Engine.shared.counters
            for index in 0..<4 { step(round + index) }
            let after = Engine.shared.counters
            let isAlone = after.evaluations - before.evaluations == 4
            if isAlone, after.plansMade == before.plansMade, after.cacheHits - before.cacheHits == 4 { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("in no round four steps were four evaluations from plans that were there already")
    }
}
