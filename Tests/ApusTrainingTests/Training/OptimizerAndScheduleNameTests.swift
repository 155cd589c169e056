import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining
import Foundation
import Testing

@Suite struct OptimizerAndScheduleNameTests {
    @Test func optimizersHaveNames() throws {
        #expect(try TrainingDefaults.OptimizerName(named: "adam") == .adam)
        let error = #expect(throws: UnknownOptimizerError.self) { try TrainingDefaults.OptimizerName(named: "adamm") }
        #expect(
            error?.description == "there is no optimizer \"adamm\". Known optimizers: sgd, adam, adamw, nadam, "
                + "radam, adamax, rmsprop, adagrad, adadelta, rprop, asgd, adafactor, muon.")
        #expect(
            try TrainingDefaults.OptimizerName.sgd.makeOptimizer(TinyData.makeNet().parameters(), lr: 0.25).lr == 0.25)
    }

    /// Without a gradient's pull, AdamW still shrinks the weights by lr · 0.01, and Adam leaves them.
    @Test(arguments: [(.adam, 1), (.adamw, 1 - 0.5 * 0.01)] as [(TrainingDefaults.OptimizerName, Double)])
    func adamAndAdamWHavePyTorchsDefaults(name: TrainingDefaults.OptimizerName, factor: Double) throws {
        #expect(try TrainingDefaults.OptimizerName(named: name.rawValue) == name)
        #expect(name.usualLearningRate == 0.001)
        let weight = Parameter(.full([1], 2, dtype: .float64))
        let optimizer = try name.makeOptimizer([weight], lr: 0.5)
        weight.grad = .zeros([1], dtype: .float64)
        optimizer.step()
        #expect(abs(weight.data.item() - 2 * factor) < 1e-12)
    }

    @Test(arguments: TrainingDefaults.OptimizerName.allCases)
    func everyNameMakesAnOptimizerThatMoves(name: TrainingDefaults.OptimizerName) throws {
        let weight = Parameter(.full([2, 2], 2.0))
        let optimizer = try name.makeOptimizer([weight], lr: name.usualLearningRate)
        weight.grad = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        optimizer.step()
        let moved = weight.data.array()
        #expect(moved != [2, 2, 2, 2])
        #expect(moved.allSatisfy { $0.isFinite })
    }

    @Test func settingsThatAnOptimizerDoesNotHaveAreRefused() throws {
        let parameters = [Parameter(.full([2, 2], 2.0))]
        let error = #expect(throws: OptimizerSettingError.self) {
            try TrainingDefaults.OptimizerName.adam.makeOptimizer(parameters, lr: 1, momentum: 0.9)
        }
        #expect(error?.description == "the optimizer adam has no momentum. Leave it out, or use sgd or rmsprop.")
        #expect(throws: OptimizerSettingError.self) {
            try TrainingDefaults.OptimizerName.adam.makeOptimizer(parameters, lr: 1, nesterov: true)
        }
        #expect(throws: OptimizerSettingError.self) {
            try TrainingDefaults.OptimizerName.rprop.makeOptimizer(parameters, lr: 1, weightDecay: 0.1)
        }
    }

    /// The rate of each update of a run of ten, from the formulas.
    @Test(
        arguments: [
            (.constant, [Double](repeating: 0.4, count: 10)),
            (.step, [0.4, 0.4, 0.4, 0.4, 0.4, 0.04, 0.04, 0.004, 0.004, 0.004]),
            (.cosine, (0..<10).map { 0.2 * (1 + cos(Double.pi * Double($0) / 10)) }),
            // A fifth, 0.2 + 0.8 · u / 2.3 up to the peak at 2.3, then (10 − u) / 7.7.
            (
                .triangle,
                [0.08, 0.4 * (0.2 + 0.8 / 2.3), 0.4 * (0.2 + 1.6 / 2.3)]
                    + (3..<10).map { 0.4 * (10 - Double($0)) / 7.7 }
            ),
        ] as [(ScheduleName, [Double])])
    func schedulesSpanTheRun(name: ScheduleName, expected: [Double]) {
        let optimizer = SGD([Parameter(.zeros([1]))], lr: 0.4)
        let scheduler = name.makeScheduler(optimizer, updates: 10)
        var rates: [Double] = []
        for _ in 0..<10 {
            rates.append(optimizer.lr)
            scheduler?.step()
        }
        for (rate, wanted) in zip(rates, expected) { #expect(abs(rate - wanted) < 1e-12, "\(rates)") }
    }

    @Test func oneCycleReachesItsRateAndEndsFarBelow() throws {
        let optimizer = SGD([Parameter(.zeros([1]))], lr: 0.4, momentum: 0.9)
        let scheduler = try #require(ScheduleName.onecycle.makeScheduler(optimizer, updates: 10))
        var rates: [Double] = []
        for _ in 0..<10 {
            rates.append(optimizer.lr)
            scheduler.step()
        }
        #expect(abs(rates[0] - 0.4 / 25) < 1e-12)
        #expect(abs(rates[2] - 0.4) < 1e-12)
        #expect(rates[9] < 1e-5)
    }
}
