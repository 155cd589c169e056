import ApusData

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

    /// Trains until `epochs` epochs are done, and measures after each of them.
    ///
    /// - Parameters:
    ///   - loaders: the samples to train with, and those to test with.
    ///   - epochs: how many in all; those of ``progress`` count.
    ///   - callbacks: what takes part in the run.
    ///   - onEpoch: called at the end of each epoch.
    /// - Returns: a record of each epoch, those before this call included.
    /// - Throws: what ``trainEpoch(_:callbacks:)``, ``evaluate(_:onBatch:)``, the callbacks and `onEpoch` throw.
    @discardableResult
    public func fit(
        _ loaders: Loaders, epochs: Int, callbacks: [any TrainerCallback] = [],
        onEpoch: (EpochRecord) throws -> Void = { _ in }
    ) throws -> [EpochRecord] {
        for callback in callbacks { try callback.trainingWillBegin(self) }
        while progress.epoch <= epochs, !isStopped {
            try trainSteps(loaders.training, callbacks)
            let record = try measure(loaders, callbacks)
            progress.records.append(record)
            progress.endEpoch()
            for callback in callbacks { try callback.epochDidEnd(record, self) }
            try onEpoch(record)
        }
        return progress.records
    }

    /// Ends the run at the end of the running epoch.
    public func stop() { isStopped = true }

    private func measure(_ loaders: Loaders, _ callbacks: [any TrainerCallback]) throws -> EpochRecord {
        let (met, trainSeconds) = (progress.metrics, progress.seconds)
        let clock = ContinuousClock()
        let start = clock.now
        for callback in callbacks { try callback.evaluationWillBegin(self) }
        defer { for callback in callbacks.reversed() { callback.evaluationDidEnd(self) } }
        let training = try loaders.trainingEvaluation.map { try evaluate($0) } ?? met
        let test = try evaluate(loaders.test) { logits, labels in
            for callback in callbacks { try callback.testBatchWasMeasured(logits, labels, self) }
        }
        let record = EpochRecord(
            epoch: progress.epoch, training: training, test: test, trainSeconds: trainSeconds,
            seconds: trainSeconds + start.duration(to: clock.now).seconds,
            imagesPerSecond: Double(met.sampleCount) / trainSeconds)
        for callback in callbacks { try callback.epochWasEvaluated(record, self) }
        return record
    }
}

extension Duration {
    /// The duration in seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
