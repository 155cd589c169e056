import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining
import Testing

@Suite struct TrainerTests {
    /// Four images of 2×2 pixels, whose class is the brighter column.
    private static let data = ImageBytes(
        images: [255, 0, 255, 0, 0, 255, 0, 255, 200, 10, 220, 0, 30, 255, 0, 250, 255, 5, 255, 60],
        labels: [0, 1, 0, 1, 0], channels: 1, height: 2, width: 2, classNames: ["left", "right"])

    private func makeNet() -> Sequential {
        manualSeed(1)
        return Sequential(Flatten(), Linear(4, 2))
    }

    @Test func trainingLearns() throws {
        let net = makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.5))
        let loader = DataLoader(Self.data, batchSize: 2, shuffle: true)
        var losses: [Double] = []
        for epoch in 1...30 { losses.append(try trainer.trainEpoch(loader, epoch: epoch).loss) }
        #expect(losses[29] < losses[0] / 3)
        let metrics = try trainer.evaluate(DataLoader(Self.data, batchSize: 2), epoch: 30)
        #expect(metrics.accuracy == 1)
        #expect(metrics.sampleCount == 5)
    }

    @Test func evaluationIsTheMeanOverAllSamplesWhateverTheBatch() throws {
        let net = makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.5))
        let inBatches = try trainer.evaluate(DataLoader(Self.data, batchSize: 2), epoch: 1)
        let atOnce = try trainer.evaluate(DataLoader(Self.data, batchSize: 5), epoch: 1)
        #expect(inBatches.sampleCount == 5)
        #expect(inBatches.correctCount == atOnce.correctCount)
        // Float32 sums in another order: five losses of about 1, each rounded to 6e-8.
        #expect(abs(inBatches.loss - atOnce.loss) < 1e-6)
        #expect(net.isTraining)
    }

    @Test func stepsAreReported() throws {
        let net = makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        var reports: [Trainer.StepReport] = []
        let metrics = try trainer.trainEpoch(DataLoader(Self.data, batchSize: 2), epoch: 7) { reports.append($0) }
        #expect(reports.map(\.step) == [1, 2, 3])
        #expect(reports.allSatisfy { $0.epoch == 7 })
        #expect(reports.last?.metrics == metrics)
        let weighted = reports[0].loss * 2 + reports[1].loss * 2 + reports[2].loss
        #expect(abs(metrics.loss - weighted / 5) < 1e-12)
    }

    @Test func aLossThatIsNoNumberEndsTheEpochAndNamesTheStep() throws {
        let net = makeNet()
        var call = 0
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1)) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 2 ? Double.nan : 1)
        }
        let error = #expect(throws: TrainingError.self) {
            try trainer.trainEpoch(DataLoader(Self.data, batchSize: 2), epoch: 3)
        }
        #expect(error == .lossIsNaN(epoch: 3, step: 2))
        #expect("\(TrainingError.lossIsNaN(epoch: 3, step: 2))".contains("epoch 3, step 2"))
    }

    @Test func aModelThatDoesNotFitThrows() throws {
        let net = Sequential(Flatten(), Linear(5, 2))
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        #expect(throws: TensorError.self) {
            try trainer.trainEpoch(DataLoader(Self.data, batchSize: 2), epoch: 1)
        }
    }

    @Test func runsRecordEachEpoch() throws {
        let net = makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        let loaders = Trainer.Loaders(
            training: DataLoader(Self.data, batchSize: 2, shuffle: true), test: DataLoader(Self.data, batchSize: 2),
            trainingEvaluation: DataLoader(Self.data, batchSize: 5))
        var history = History()
        let records = try trainer.fit(loaders, epochs: 2) { _ in
        } onEpoch: {
            history.append($0)
        }
        #expect(records.map(\.epoch) == [1, 2])
        #expect(records == history.records)
        // The training data measured again is the test data here.
        #expect(records[1].training.correctCount == records[1].test.correctCount)
        #expect(records[0].trainSeconds > 0 && records[0].seconds >= records[0].trainSeconds)
        let lines = history.text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0]
                == "epoch,train_loss,train_accuracy,test_loss,test_accuracy,train_seconds,seconds,images_per_second")
        #expect(lines[2].hasPrefix("2,\(records[1].training.loss),"))
    }

    @Test func optimizersHaveNames() throws {
        #expect(try TrainingDefaults.OptimizerName(named: "adam") == .adam)
        let error = #expect(throws: UnknownOptimizerError.self) { try TrainingDefaults.OptimizerName(named: "adamm") }
        #expect(
            error?.description == "there is no optimizer \"adamm\". Known optimizers: sgd, adam, adamw, nadam, "
                + "radam, adamax, rmsprop, adagrad, adadelta, rprop, asgd, adafactor, muon.")
        #expect(TrainingDefaults.OptimizerName.sgd.makeOptimizer(makeNet().parameters(), lr: 0.25).lr == 0.25)
    }

    /// Without a gradient's pull, AdamW still shrinks the weights by lr · 0.01, and Adam leaves them.
    @Test(arguments: [(.adam, 1), (.adamw, 1 - 0.5 * 0.01)] as [(TrainingDefaults.OptimizerName, Double)])
    func adamAndAdamWHavePyTorchsDefaults(name: TrainingDefaults.OptimizerName, factor: Double) throws {
        #expect(try TrainingDefaults.OptimizerName(named: name.rawValue) == name)
        #expect(name.usualLearningRate == 0.001)
        let weight = Parameter(.full([1], 2, dtype: .float64))
        let optimizer = name.makeOptimizer([weight], lr: 0.5)
        weight.grad = .zeros([1], dtype: .float64)
        optimizer.step()
        #expect(abs(weight.data.item() - 2 * factor) < 1e-12)
    }
}
