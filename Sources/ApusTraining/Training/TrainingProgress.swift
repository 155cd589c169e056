/// How far a training run is: what it needs, beside weights and states, to go on.
public struct TrainingProgress: Sendable, Hashable, Codable {
    /// The epochs that are done and were measured.
    public internal(set) var records: [EpochRecord] = []
    /// The number of the running epoch, from 1.
    public internal(set) var epoch = 1
    /// The batches of the running epoch that were used; 0 between epochs.
    public internal(set) var step = 0
    /// The updates of the optimizer since the run began.
    public internal(set) var updateCount = 0
    /// The metrics of the running epoch so far.
    public internal(set) var metrics = ClassificationMetrics()
    /// How long the running epoch has taken so far, in seconds.
    public internal(set) var seconds = 0.0

    /// The beginning of a run.
    public init() {}

    /// Goes on to the beginning of the next epoch.
    mutating func endEpoch() {
        epoch += 1
        (step, metrics, seconds) = (0, ClassificationMetrics(), 0)
    }
}
