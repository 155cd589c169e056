/// The mean loss and the accuracy over a number of samples.
///
/// Batches are weighted by their size, so that a smaller last batch does not count more than its share:
/// loss = Σ nᵢ · lossᵢ / Σ nᵢ, where lossᵢ is the mean over batch i of nᵢ samples.
public struct ClassificationMetrics: Sendable, Hashable, Codable {
    private var lossSum = 0.0
    /// How many samples were classified correctly.
    public private(set) var correctCount = 0
    /// How many samples were seen.
    public private(set) var sampleCount = 0

    /// Metrics of nothing yet.
    public init() {}

    /// Adds a batch of `count` samples with its mean loss.
    public mutating func add(meanLoss: Double, correctCount: Int, count: Int) {
        lossSum += meanLoss * Double(count)
        self.correctCount += correctCount
        sampleCount += count
    }

    /// The mean loss a sample; NaN where there are no samples.
    public var loss: Double { lossSum / Double(sampleCount) }

    /// The share of correct samples, 0 … 1; NaN where there are no samples.
    public var accuracy: Double { Double(correctCount) / Double(sampleCount) }
}
