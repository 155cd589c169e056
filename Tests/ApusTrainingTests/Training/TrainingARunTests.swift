import ApusData
import ApusGraph
import ApusNN
import ApusOptim
import ApusTestSupport
import ApusTraining
import Testing

/// The code of the article "Training a run", as it stands there.
@Suite struct TrainingARunTests {
    @Test func theArticlesRunTrainsAndGoesOn() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let net = TinyData.makeNet()
        let training = DataLoader(TinyData.eight, batchSize: 2, shuffle: true)
        let test = DataLoader(TinyData.five, batchSize: 5)

        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0.1))
        let loaders = Trainer.Loaders(training: training, test: test)
        try trainer.fit(loaders, epochs: 2) { record in
            print(record.epoch, record.training.loss, record.test.accuracy)
        }
        #expect(trainer.progress.records.map(\.epoch) == [1, 2])

        let schedule = LearningRateSchedule(CosineAnnealingLR(trainer.optimizer, tMax: 100), every: .update)
        let averaging = WeightAveraging(ExponentialMovingAverage(net, decay: 0.99))
        let callbacks: [any TrainerCallback] = [
            NaNGuard(), GradientNormClipping(maxNorm: 1), schedule, averaging, EarlyStopping(patience: 5),
            BestEpoch { _ in try net.stateDict().write(toSafetensors: folder + "/best.safetensors") },
        ]

        let states = TrainingStateFolder(folder + "/state")
        if let saved = try states.newest() { try saved.state.restore(to: trainer, loaders.training, callbacks) }
        let saving = StateSaving(to: states, loader: loaders.training, callbacks: callbacks, interval: .seconds(60))
        try trainer.fit(loaders, epochs: 5, callbacks: callbacks + [saving])
        #expect(try states.newest()?.state.progress.records.count == 5)
        // The two epochs before the callbacks count as well: the best may be among them.
        #expect(temporary.files(in: ".").contains("state/0.safetensors"))

        var matrix = ConfusionMatrix(classCount: 2)
        let metrics = try Evaluator(net).evaluate(test) { try matrix.add(logits: $0, labels: $1) }
        print(metrics.accuracy, matrix.recall(of: 0))
        #expect(metrics.accuracy == matrix.accuracy)
        #expect((0...1).contains(matrix.recall(of: 0)))
    }
}
