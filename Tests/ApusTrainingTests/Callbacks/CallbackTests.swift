import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import ApusTraining
import Testing

@Suite struct CallbackTests {
    private let net = TinyData.makeNet()

    private func loaders(batchSize: Int = 2) -> Trainer.Loaders {
        Trainer.Loaders(
            training: DataLoader(TinyData.eight, batchSize: batchSize, shuffle: true),
            test: DataLoader(TinyData.five, batchSize: 5))
    }

    /// A trainer whose optimizer does nothing: the accuracy never changes.
    private var idleTrainer: Trainer { Trainer(model: net, optimizer: SGD(net.parameters(), lr: 0)) }

    @Test(arguments: [1, 3]) func earlyStoppingWaitsForItsPatience(patience: Int) throws {
        let trainer = idleTrainer
        let stopping = EarlyStopping(patience: patience)
        // The first epoch sets the mark.
        #expect(try trainer.fit(loaders(), epochs: 9, callbacks: [stopping]).count == patience + 1)
        #expect(stopping.staleEpochs == patience)
        #expect(stopping.bestAccuracy == trainer.progress.records[0].test.accuracy)
    }

    @Test func earlyStoppingKnowsTheEpochsBeforeAResumption() throws {
        let trainer = idleTrainer
        try trainer.fit(loaders(), epochs: 2)
        #expect(try trainer.fit(loaders(), epochs: 9, callbacks: [EarlyStopping(patience: 2)]).count == 3)
    }

    @Test func theBestEpochIsTheFirstOfEqualOnes() throws {
        let trainer = idleTrainer
        var epochs: [Int] = []
        let best = BestEpoch { epochs.append($0.epoch) }
        try trainer.fit(loaders(), epochs: 3, callbacks: [best])
        #expect(epochs == [1])
        #expect(best.record?.epoch == 1)
    }

    @Test func gradientsAreShrunk() throws {
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 1))
        let before = net.stateDict().flatMap { $0.tensor.array() }
        try trainer.trainEpoch(
            DataLoader(TinyData.eight, batchSize: 8), callbacks: [GradientNormClipping(maxNorm: 0.01)])
        let after = net.stateDict().flatMap { $0.tensor.array() }
        let squares = zip(before, after).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        // One update of SGD with rate 1 moves the weights by the clipped gradient.
        #expect(abs(squares.squareRoot() - 0.01) < 1e-5)
    }

    @Test(arguments: [LearningRateSchedule.Unit.update, .epoch]) func schedulersMoveOn(
        unit: LearningRateSchedule.Unit
    ) throws {
        let optimizer = SGD(net.parameters(), lr: 1)
        let trainer = Trainer(model: net, optimizer: optimizer)
        let schedule = LearningRateSchedule(ExponentialLR(optimizer, gamma: 0.5), every: unit)
        try trainer.fit(loaders(), epochs: 2, callbacks: [schedule])
        // Two epochs of four updates.
        #expect(optimizer.lr == (unit == .update ? 0x1p-8 : 0x1p-2))
    }

    @Test func plateausAreMeasuredByTheTestLoss() throws {
        let optimizer = SGD(net.parameters(), lr: 1)
        let trainer = Trainer(model: net, optimizer: optimizer) { logits, labels in crossEntropy(logits, labels) * 0 }
        let schedule = LearningRateSchedule(ReduceLROnPlateau(optimizer, patience: 0), every: .epoch)
        try trainer.fit(loaders(), epochs: 3, callbacks: [schedule])
        #expect(abs(optimizer.lr - 0.01) < 1e-12)
    }

    @Test func averagedWeightsAreMeasuredAndTheOthersTrained() throws {
        let optimizer = SGD(net.parameters(), lr: 1)
        let trainer = Trainer(model: net, optimizer: optimizer)
        let averaging = WeightAveraging(ExponentialMovingAverage(net, decay: 1))
        // With a decay of 1 the average stays what the first update made.
        var measured: [[Float]] = []
        let watcher = Watcher { measured.append(net.stateDict().flatMap { $0.tensor.array() }) }
        try trainer.fit(loaders(batchSize: 8), epochs: 3, callbacks: [averaging, watcher])
        #expect(measured.count == 3)
        #expect(measured[0] == measured[2])
        #expect(net.stateDict().flatMap { $0.tensor.array() } != measured[2])
    }

    @Test func anErrorOfTheEvaluationPutsTheWeightsBack() throws {
        let optimizer = SGD(net.parameters(), lr: 1)
        let trainer = Trainer(model: net, optimizer: optimizer)
        let averaging = WeightAveraging(ExponentialMovingAverage(net, decay: 1))
        try trainer.trainEpoch(DataLoader(TinyData.eight, batchSize: 2), callbacks: [averaging])
        let trained = net.stateDict().flatMap { $0.tensor.array() }
        let failing = Watcher { throw CancellationError() }
        let empty = DataLoader(TinyData.eight, batchSize: 9, dropLast: true)
        #expect(throws: TrainingError.self) {
            try trainer.fit(.init(training: empty, test: empty), epochs: 2, callbacks: [averaging, failing])
        }
        optimizer.lr = 0
        #expect(throws: CancellationError.self) {
            try trainer.fit(loaders(), epochs: 9, callbacks: [averaging, failing])
        }
        #expect(net.stateDict().flatMap { $0.tensor.array() } == trained)
    }
}

/// Calls a closure when an epoch was evaluated.
private final class Watcher: TrainerCallback {
    private let body: () throws -> Void
    init(_ body: @escaping () throws -> Void) { self.body = body }
    func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws { try body() }
}
