import ApusData

/// What one epoch gave.
public struct EpochRecord: Sendable, Hashable {
    /// The number of the epoch, from 1.
    public let epoch: Int
    /// The metrics of the training data.
    public let training: ClassificationMetrics
    /// The metrics of the test data after the epoch.
    public let test: ClassificationMetrics
    /// How long the training steps took, loading included, in seconds.
    public let trainSeconds: Double
    /// How long the epoch took with its evaluations, in seconds.
    public let seconds: Double
    /// How many images were trained on in a second of ``trainSeconds``.
    public let imagesPerSecond: Double
}

extension Trainer {
    /// The data of a training run.
    public struct Loaders {
        /// What the model learns from.
        public let training: DataLoader
        /// What it is measured on.
        public let test: DataLoader
        /// The training data to measure again after each epoch, in evaluation mode; nil to report it as it was met
        /// during the epoch.
        public let trainingEvaluation: DataLoader?

        public init(training: DataLoader, test: DataLoader, trainingEvaluation: DataLoader? = nil) {
            self.training = training
            self.test = test
            self.trainingEvaluation = trainingEvaluation
        }
    }

    /// Trains for `epochs` epochs and measures after each of them.
    ///
    /// - Parameters:
    ///   - epochs: how many.
    ///   - loaders: the samples to train with, and those to test with.
    ///   - onStep: called after each step.
    ///   - onEpoch: called after each epoch and its evaluation, for example to save the model.
    /// - Returns: a record of each epoch.
    /// - Throws: what ``trainEpoch(_:epoch:onStep:)``, ``evaluate(_:epoch:)`` and the two closures throw.
    @discardableResult
    public func fit(
        _ loaders: Loaders, epochs: Int, onStep: (StepReport) throws -> Void = { _ in },
        onEpoch: (EpochRecord) throws -> Void = { _ in }
    ) throws -> [EpochRecord] {
        var records: [EpochRecord] = []
        let clock = ContinuousClock()
        for epoch in 0..<epochs {
            let start = clock.now
            let met = try trainEpoch(loaders.training, epoch: epoch + 1, onStep: onStep)
            let trainSeconds = start.duration(to: clock.now).seconds
            let training = try loaders.trainingEvaluation.map { try evaluate($0, epoch: epoch + 1) } ?? met
            let test = try evaluate(loaders.test, epoch: epoch + 1)
            let record = EpochRecord(
                epoch: epoch + 1, training: training, test: test, trainSeconds: trainSeconds,
                seconds: start.duration(to: clock.now).seconds,
                imagesPerSecond: Double(met.sampleCount) / trainSeconds)
            records.append(record)
            try onEpoch(record)
        }
        return records
    }
}

extension Duration {
    /// The duration in seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
