import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining
import Testing

@Suite struct TrainerTests {
    @Test func trainingLearns() throws {
        let net = TinyData.makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.5))
        let loader = DataLoader(TinyData.five, batchSize: 2, shuffle: true)
        var losses: [Double] = []
        for _ in 1...30 { losses.append(try trainer.trainEpoch(loader).loss) }
        #expect(trainer.progress.epoch == 31)
        #expect(trainer.progress.updateCount == 90)
        #expect(losses[29] < losses[0] / 3)
        let metrics = try trainer.evaluate(DataLoader(TinyData.five, batchSize: 2))
        #expect(metrics.accuracy == 1)
        #expect(metrics.sampleCount == 5)
    }

    @Test func evaluationIsTheMeanOverAllSamplesWhateverTheBatch() throws {
        let net = TinyData.makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.5))
        let inBatches = try trainer.evaluate(DataLoader(TinyData.five, batchSize: 2))
        let atOnce = try trainer.evaluate(DataLoader(TinyData.five, batchSize: 5))
        #expect(inBatches.sampleCount == 5)
        #expect(inBatches.correctCount == atOnce.correctCount)
        // Float32 sums in another order: five losses of about 1, each rounded to 6e-8.
        #expect(abs(inBatches.loss - atOnce.loss) < 1e-6)
        #expect(net.isTraining)
    }

    @Test func stepsAreReported() throws {
        let net = TinyData.makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        let recorder = Recorder()
        _ = try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 2))
        let metrics = try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 2), callbacks: [recorder])
        let reports = recorder.reports
        #expect(reports.map(\.step) == [1, 2, 3])
        #expect(reports.allSatisfy { $0.epoch == 2 })
        #expect(reports.last?.metrics == metrics)
        let weighted = reports[0].loss * 2 + reports[1].loss * 2 + reports[2].loss
        #expect(abs(metrics.loss - weighted / 5) < 1e-12)
    }

    @Test func aLossThatIsNoNumberEndsTheEpochAndNamesTheStep() throws {
        let net = TinyData.makeNet()
        var call = 0
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1)) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 2 ? Double.nan : 1)
        }
        let error = #expect(throws: TrainingError.self) {
            try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 2))
        }
        #expect(error == .lossIsNaN(epoch: 1, step: 2))
        #expect("\(TrainingError.lossIsNaN(epoch: 3, step: 2))".contains("epoch 3, step 2"))
    }

    @Test func aModelThatDoesNotFitThrows() throws {
        let net = Sequential(Flatten(), Linear(5, 2))
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        #expect(throws: TensorError.self) {
            try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 2))
        }
    }

    @Test func runsRecordEachEpoch() throws {
        let net = TinyData.makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        let loaders = Trainer.Loaders(
            training: DataLoader(TinyData.five, batchSize: 2, shuffle: true),
            test: DataLoader(TinyData.five, batchSize: 2),
            trainingEvaluation: DataLoader(TinyData.five, batchSize: 5))
        var seen: [EpochRecord] = []
        let records = try trainer.fit(loaders, epochs: 2) { seen.append($0) }
        #expect(records.map(\.epoch) == [1, 2])
        #expect(records == seen)
        #expect(records == trainer.progress.records)
        let history = History(records)
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

    /// Two batches of four samples, gathered, are one batch of eight: the mean of equal parts' means is the whole's.
    @Test(arguments: [1, 2, 3, 4]) func gatheredBatchesMakeOneUpdate(steps: Int) throws {
        func weights(batchSize: Int, accumulationSteps: Int) throws -> (values: [Float], updates: Int) {
            let net = TinyData.makeNet()
            let optimizer = SGD(net.parameters(), lr: 0.5, momentum: 0.9)
            let trainer = Trainer(model: net, optimizer: optimizer, accumulationSteps: accumulationSteps)
            for _ in 0..<3 { try trainer.trainEpoch(DataLoader(TinyData.eight, batchSize: batchSize)) }
            return (net.stateDict().flatMap { $0.tensor.array() }, trainer.progress.updateCount)
        }
        // With 3 of the 4 batches gathered, the last one is an update by itself.
        let gathered = try weights(batchSize: 2, accumulationSteps: steps)
        #expect(gathered.updates == 3 * ((4 + steps - 1) / steps))
        guard steps != 3 else { return }
        let whole = try weights(batchSize: 2 * steps, accumulationSteps: 1)
        #expect(whole.updates == gathered.updates)
        for (one, other) in zip(gathered.values, whole.values) {
            // Float32 sums in another order, over three epochs.
            #expect(abs(one - other) < 1e-5)
        }
    }

    /// A network whose products are computed in full whatever the trainer asks for, so that a CPU has kernels for them.
    private final class InFull: Module {
        let body = TinyData.makeNet()
        override func forward(_ input: Tensor) -> Tensor { autocast(.full) { body(input) } }
    }

    /// What callbacks see of gradients before an update.
    private final class Gradients: TrainerCallback {
        var seen: [[Float]] = []
        func gradientsAreReady(_ trainer: Trainer) {
            seen.append(trainer.optimizer.parameters.flatMap { $0.grad?.array() ?? [] })
        }
    }

    /// Scaling by powers of two changes no bit: gathered batches, clipping, and what callbacks see.
    @Test(arguments: [1, 3]) func scaledLossesTrainAlike(steps: Int) throws {
        var runs: [(weights: [Float], seen: [[Float]])] = []
        for precision in [Precision.full, .float16] {
            let net = InFull()
            let optimizer = SGD(net.parameters(), lr: 0.5, momentum: 0.9)
            let trainer = Trainer(
                model: net, optimizer: optimizer, accumulationSteps: steps, precision: precision)
            trainer.scaler.growthInterval = 2
            let gradients = Gradients()
            for _ in 0..<3 {
                try trainer.trainEpoch(
                    DataLoader(TinyData.eight, batchSize: 2),
                    callbacks: [GradientNormClipping(maxNorm: 0.25), gradients])
            }
            runs.append((net.stateDict().flatMap { $0.tensor.array() }, gradients.seen))
            let growths = trainer.progress.updateCount / 2
            #expect(trainer.scaler.currentScale == (precision == .full ? 1 : Double(65536 << growths)))
        }
        #expect(runs[0].weights == runs[1].weights)
        #expect(runs[0].seen == runs[1].seen)
    }

    /// A loss whose scaled gradients are beyond `float32`: the weights stay, the scale is halved, and the run goes on.
    @Test func anUpdateWhoseGradientsOverflowIsLeftOut() throws {
        let net = InFull()
        var call = 0
        let trainer = Trainer(
            model: net, optimizer: SGD(net.parameters(), lr: 0.5), precision: .float16
        ) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 2 ? 1e36 : 1)
        }
        final class Weights: TrainerCallback {
            var seen: [[Float]] = []
            func optimizerDidStep(_ trainer: Trainer) {
                seen.append(trainer.model.stateDict().flatMap { $0.tensor.array() })
            }
        }
        let weights = Weights()
        try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 2), callbacks: [weights])
        #expect(weights.seen.count == 3)
        #expect(weights.seen[0] == weights.seen[1] && weights.seen[1] != weights.seen[2])
        #expect(trainer.scaler.currentScale == 32768)
        #expect(trainer.progress.updateCount == 3)
    }

    @Test func labelsMayBeProbabilities() throws {
        let net = TinyData.makeNet()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.5))
        let loader = DataLoader(TinyData.five, batchSize: 5, batchTransform: MixUp(alpha: 0.2))
        let metrics = try trainer.trainEpoch(loader)
        #expect(metrics.sampleCount == 5)
        #expect((0...5).contains(metrics.correctCount))
    }

    /// A classifier whose further logits are its own once more.
    private final class Doubled: Module, AuxiliaryClassifier {
        let linear = Linear(4, 2)
        let auxiliaryWeight = 0.25
        override func forward(_ input: Tensor) -> Tensor { linear(input.flatten(from: 1)) }
        func logitsWithAuxiliaries(_ images: Tensor) -> (logits: Tensor, auxiliaries: [Tensor]) {
            let logits = self(images)
            return (logits, [logits, logits])
        }
    }

    @Test func auxiliaryLossesAreAddedInTraining() throws {
        let net = Doubled()
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0))
        let plain = try trainer.evaluate(DataLoader(TinyData.five, batchSize: 5)).loss
        let training = try trainer.trainEpoch(DataLoader(TinyData.five, batchSize: 5)).loss
        // Two further losses of the same logits, each a quarter: one and a half times the loss, in float32.
        #expect(abs(training - 1.5 * plain) < 1e-6)
    }

    @Test func mirrorImagesAreAveraged() throws {
        let net = TinyData.makeNet()
        let both = Evaluator(net, averagesMirrorImages: true)
        // An image and its mirror image then have the same logits.
        let images: [UInt8] = [255, 0, 10, 20, 0, 255, 20, 10]
        let data = ImageBytes(
            images: images, labels: [0, 0], channels: 1, height: 2, width: 2, classNames: ["left", "right"])
        var logits: [Float] = []
        _ = try both.evaluate(DataLoader(data, batchSize: 2)) {
            logits = $0.array()
            _ = $1
        }
        #expect(abs(logits[0] - logits[2]) < 1e-6 && abs(logits[1] - logits[3]) < 1e-6)
    }
}

private final class Recorder: TrainerCallback {
    var reports: [Trainer.StepReport] = []
    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) { reports.append(report) }
}
