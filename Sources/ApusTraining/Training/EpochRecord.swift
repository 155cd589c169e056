/// What one epoch gave.
public struct EpochRecord: Sendable, Hashable, Codable {
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

    /// A record of an epoch.
    public init(
        epoch: Int, training: ClassificationMetrics, test: ClassificationMetrics, trainSeconds: Double,
        seconds: Double, imagesPerSecond: Double
    ) {
        (self.epoch, self.training, self.test) = (epoch, training, test)
        (self.trainSeconds, self.seconds, self.imagesPerSecond) = (trainSeconds, seconds, imagesPerSecond)
    }
}
