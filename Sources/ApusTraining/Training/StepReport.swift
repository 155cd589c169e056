extension Trainer {
    /// What a step tells the callbacks.
    ///
    /// A GPU may not have computed the step yet. Asking for its numbers waits until it has, and the GPU then idles until
    /// the host has recorded the next step: a callback that shows them asks in some steps only.
    public struct StepReport: Sendable {
        /// The epoch, counted from 1.
        public let epoch: Int
        /// The step within the epoch, counted from 1.
        public let step: Int
        /// The updates of the optimizer since the run began.
        public let updateCount: Int
        private let outcome: StepOutcome

        init(_ progress: TrainingProgress, _ outcome: StepOutcome) {
            (epoch, step, updateCount) = (progress.epoch, progress.step, progress.updateCount)
            self.outcome = outcome
        }

        /// The mean loss of the batch before the step's update; waits for it. NaN also where it could not be computed,
        /// which the trainer throws.
        public var loss: Double { (try? outcome.meanLoss()) ?? .nan }

        /// The metrics of the epoch so far, with this step; waits for them.
        public var metrics: ClassificationMetrics { outcome.metrics }

        /// The metrics of the epoch over the steps that are computed by now; never waits. On a GPU they may lack some
        /// steps, and have no sample at the beginning of an epoch.
        public var arrivedMetrics: ClassificationMetrics { outcome.arrivedMetrics }
    }
}
