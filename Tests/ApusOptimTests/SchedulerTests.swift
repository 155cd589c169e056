import ApusGraph
import ApusNN
import ApusOptim
import Foundation
import Testing

@Suite struct SchedulerTests {
    private func makeOptimizer(_ rates: Double...) -> SGD {
        SGD(rates.map { ParameterGroup([Parameter(.ones(1))], .init(lr: $0, momentum: 0.9)) })
    }

    /// The rates of the first group in the first epochs.
    private func rates(_ scheduler: LRScheduler, _ count: Int) -> [Double] {
        (0..<count).map { index in
            if index > 0 { scheduler.step() }
            return scheduler.lastLR[0]
        }
    }

    private func expect(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12, "\(found) \(expected)") }
    }

    @Test func stepsAndMilestones() {
        expect(rates(StepLR(makeOptimizer(1), stepSize: 2), 5), [1, 1, 0.1, 0.1, 0.01])
        expect(
            rates(MultiStepLR(makeOptimizer(1), milestones: [3, 1, 3], gamma: 0.5), 5), [1, 0.5, 0.5, 0.125, 0.125])
        expect(rates(ExponentialLR(makeOptimizer(1), gamma: 0.5), 4), [1, 0.5, 0.25, 0.125])
    }

    @Test func factors() {
        expect(rates(ConstantLR(makeOptimizer(1), factor: 0.5, totalIters: 2), 4), [0.5, 0.5, 1, 1])
        expect(
            rates(LinearLR(makeOptimizer(1), startFactor: 0.5, totalIters: 4), 6), [0.5, 0.625, 0.75, 0.875, 1, 1])
        expect(rates(PolynomialLR(makeOptimizer(1), totalIters: 4, power: 2), 6), [1, 0.5625, 0.25, 0.0625, 0, 0])
        expect(rates(LambdaLR(makeOptimizer(2)) { 1 / Double($0 + 1) }, 3), [2, 1, 2.0 / 3])
        expect(rates(MultiplicativeLR(makeOptimizer(2)) { Double($0) / 2 }, 4), [2, 1, 1, 1.5])
    }

    @Test func cosinesFallAndRiseAgain() {
        expect(rates(CosineAnnealingLR(makeOptimizer(1), tMax: 2), 6), [1, 0.5, 0, 0.5, 1, 0.5])
        let restarts = CosineAnnealingWarmRestarts(makeOptimizer(1), t0: 2, tMult: 2)
        let slow = { (t: Double) in (1 + cos(.pi * t / 4)) / 2 }
        expect(rates(restarts, 8), [1, 0.5, 1, slow(1), slow(2), slow(3), 1, (1 + cos(.pi / 8)) / 2])
        restarts.step(epoch: 1.5)
        expect(restarts.lastLR, [(1 + cos(.pi * 0.75)) / 2])
        restarts.step(epoch: 7)
        expect(restarts.lastLR, [(1 + cos(.pi / 8)) / 2])
    }

    @Test func cyclesMoveRateAndMomentum() {
        let optimizer = makeOptimizer(5)
        let cyclic = CyclicLR(optimizer, baseLR: 0.1, maxLR: 0.5, stepSizeUp: 2, mode: .triangular2)
        expect(rates(cyclic, 7), [0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3])
        expect(optimizer.momenta ?? [], [0.85])
        let own = CyclicLR(
            makeOptimizer(5), baseLR: 0.1, maxLR: 0.5, stepSizeUp: 1, scaleFn: { $0 / 4 }, scaleMode: .iterations)
        expect(rates(own, 4), [0.1, 0.2, 0.1, 0.4])
        let adam = Adam([Parameter(.ones(1))], lr: 1)
        let one = OneCycleLR(adam, maxLR: 1, totalSteps: 5, pctStart: 0.6, annealStrategy: .linear, divFactor: 5)
        expect(rates(one, 5), [0.2, 0.6, 1, 0.50001, 0.00002])
        expect(adam.momenta ?? [], [0.95])
        #expect(adam.groups[0].options.betas.0 == 0.95)
    }

    @Test func aPlateauReducesTheRate() {
        let optimizer = makeOptimizer(1, 0.2)
        let scheduler = ReduceLROnPlateau(optimizer, factor: 0.5, patience: 1, cooldown: 1, minLR: [0.3, 0.15])
        var found: [[Double]] = []
        for loss in [1.0, 2, .nan, 2, 2, 2, 0.5, 0.5, 0.5] {
            scheduler.step(loss)
            found.append(scheduler.lastLR)
        }
        #expect(found.map { $0[0] } == [1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3])
        #expect(found.map { $0[1] } == [0.2, 0.2, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15])
        #expect(scheduler.best == 0.5)
    }

    @Test func schedulersFollowAndChain() {
        let optimizer = makeOptimizer(1)
        let warmUp = SequentialLR.warmUp(optimizer, epochs: 2, startFactor: 0.5) { CosineAnnealingLR($0, tMax: 2) }
        expect(rates(warmUp, 6), [0.5, 0.75, 1, 0.5, 0, 0.5])
        let other = makeOptimizer(1)
        let chain = ChainedScheduler([
            ConstantLR(other, factor: 0.5, totalIters: 2), ExponentialLR(other, gamma: 0.5),
        ])
        expect(rates(chain, 4), [0.5, 0.25, 0.25, 0.125])
    }

    @Test func anEpochCanBeChosen() {
        let optimizer = makeOptimizer(1)
        let scheduler = StepLR(optimizer, stepSize: 2)
        scheduler.step(epoch: 5)
        expect(scheduler.lastLR, [0.01])
        scheduler.step()
        expect(optimizer.learningRates, [0.001])
        #expect(scheduler.lastEpoch == 6)
        // Another scheduler of the same optimizer begins with the original rate.
        #expect(LambdaLR(optimizer) { _ in 1 }.lastLR == [1])
    }

    @Test func savedSchedulersGoOn() throws {
        let makers: [(SGD) -> LRScheduler] = [
            { CosineAnnealingWarmRestarts($0, t0: 3, tMult: 2) },
            { OneCycleLR($0, maxLR: 1.0, totalSteps: 12) },
            { SequentialLR.warmUp($0, epochs: 3) { ExponentialLR($0, gamma: 0.5) } },
        ]
        for make in makers {
            let (old, new) = (makeOptimizer(1, 2), makeOptimizer(1, 2))
            let (first, second) = (make(old), make(new))
            for _ in 0..<5 { first.step() }
            let saved = try JSONEncoder().encode(first.stateDict())
            try second.load(JSONDecoder().decode(SchedulerState.self, from: saved))
            try new.load(old.stateDict())
            for _ in 0..<4 {
                first.step()
                second.step()
                #expect(first.lastLR == second.lastLR)
                #expect(old.momenta == new.momenta)
            }
        }
        let error = #expect(throws: TensorError.self) {
            try StepLR(makeOptimizer(1), stepSize: 2).load(SchedulerState())
        }
        #expect(error?.description.contains("the state has no last_epoch") == true)
    }

    struct Refusal: Sendable {
        let text: String
        let make: @Sendable (SGD) -> Void
    }

    @Test(arguments: [
        Refusal(text: "StepLR: stepSize is 0. It must be 1 or more.") { StepLR($0, stepSize: 0).step() },
        Refusal(text: "CosineAnnealingLR: tMax is 0.") { CosineAnnealingLR($0, tMax: 0).step() },
        Refusal(text: "ConstantLR: factor is 1.5. It must be from 0 to 1.") { _ = ConstantLR($0, factor: 1.5) },
        Refusal(text: "ConstantLR: factor is 0, and") { ConstantLR($0, factor: 0, totalIters: 1).step() },
        Refusal(text: "LinearLR: startFactor is 0.0.") { _ = LinearLR($0, startFactor: 0) },
        Refusal(text: "LinearLR: endFactor is 2.0.") { _ = LinearLR($0, endFactor: 2) },
        Refusal(text: "CosineAnnealingWarmRestarts: tMult is 0.") {
            _ = CosineAnnealingWarmRestarts($0, t0: 2, tMult: 0)
        },
        Refusal(text: "CosineAnnealingWarmRestarts: the epoch is -1.0.") {
            CosineAnnealingWarmRestarts($0, t0: 2).step(epoch: -1.0)
        },
        Refusal(text: "OneCycleLR: pctStart is 1.5.") { _ = OneCycleLR($0, maxLR: 1.0, totalSteps: 9, pctStart: 1.5) },
        Refusal(text: "OneCycleLR: totalSteps is 0.") {
            _ = OneCycleLR($0, maxLR: 1.0, epochs: -1, stepsPerEpoch: -5)
        },
        Refusal(text: "OneCycleLR: this is step 11, but totalSteps is 10.") {
            let scheduler = OneCycleLR($0, maxLR: 1.0, totalSteps: 10)
            for _ in 0..<11 { scheduler.step() }
        },
        Refusal(text: "OneCycleLR: a phase of the 10 steps has no length.") {
            _ = OneCycleLR($0, maxLR: 1.0, totalSteps: 10, pctStart: 0.1)
        },
        Refusal(text: "OneCycleLR: maxLR has 3 values, but the optimizer has 1 groups") {
            _ = OneCycleLR($0, maxLR: [1.0, 2, 3], totalSteps: 10)
        },
        Refusal(text: "CyclicLR: Adagrad has neither momentum nor betas.") { _ in
            _ = CyclicLR(Adagrad([Parameter(.ones(1))]), baseLR: 0.1, maxLR: 0.2)
        },
        Refusal(text: "CyclicLR: stepSizeUp is 0.") { _ = CyclicLR($0, baseLR: 0.1, maxLR: 0.2, stepSizeUp: 0) },
        Refusal(text: "ReduceLROnPlateau: factor is 1.0. It must be below 1.") {
            ReduceLROnPlateau($0, factor: 1).step(1)
        },
        Refusal(text: "ReduceLROnPlateau: a step needs the measure") { ReduceLROnPlateau($0).step() },
        Refusal(text: "LambdaLR: there are 2 functions") { _ = LambdaLR($0, lrLambdas: [{ _ in 1 }, { _ in 1 }]) },
        Refusal(text: "SequentialLR: there are 1 schedulers and 1 milestones.") {
            SequentialLR($0, schedulers: [StepLR($0, stepSize: 1)], milestones: [2]).step()
        },
        Refusal(text: "SequentialLR: there are no schedulers.") {
            SequentialLR($0, schedulers: [], milestones: []).step()
        },
        Refusal(text: "the scheduler 0 is a ReduceLROnPlateau") {
            _ = SequentialLR($0, schedulers: [ReduceLROnPlateau($0)], milestones: [])
        },
        Refusal(text: "ChainedScheduler: the scheduler 1 is of another optimizer.") {
            let other = SGD([Parameter(.ones(1))], lr: 1)
            _ = ChainedScheduler([StepLR($0, stepSize: 1), StepLR(other, stepSize: 1)])
        },
        Refusal(text: "ChainedScheduler: there are no schedulers.") { _ in ChainedScheduler([]).step() },
        Refusal(text: "StepLR: lastEpoch is 3, but no scheduler has begun") {
            _ = StepLR($0, stepSize: 2, lastEpoch: 3)
        },
        Refusal(text: "StepLR: the optimizer has 2 groups of parameters, but had 1") {
            let scheduler = StepLR($0, stepSize: 2)
            $0.add(ParameterGroup([Parameter(.ones(1))], .init()))
            scheduler.step()
        },
    ])
    func wrongArgumentsAreRefused(_ refusal: Refusal) {
        let error = #expect(throws: TensorError.self) { try withTensorErrors { refusal.make(makeOptimizer(1)) } }
        #expect(error?.description.contains(refusal.text) == true, "\(error?.description ?? "")")
    }
}
