import ApusGraph

/// A factor that goes from `startFactor` to `endFactor` in `totalIters` epochs, and stays
/// (`torch.optim.lr_scheduler.LinearLR`).
///
/// Epoch e: base · (startFactor + (endFactor − startFactor) · min(e, totalIters) / totalIters).
public final class LinearLR: LRScheduler {
    private let startFactor: Double
    private let endFactor: Double
    private let totalIters: Int

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - startFactor: the part of the rate to begin with, above 0 and at most 1; `1.0 / 3` by default.
    ///   - endFactor: the part of the rate at the end, 0 to 1; `1` by default.
    ///   - totalIters: the epochs in between; `5` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// Other factors are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ optimizer: Optimizer, startFactor: Double = 1.0 / 3, endFactor: Double = 1, totalIters: Int = 5,
        lastEpoch: Int = -1
    ) {
        (self.startFactor, self.endFactor, self.totalIters) = (startFactor, endFactor, totalIters)
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            guard startFactor > 0, startFactor <= 1 else {
                throw TensorError("LinearLR", "startFactor is \(startFactor). It must be above 0 and at most 1.")
            }
            guard endFactor >= 0, endFactor <= 1 else {
                throw TensorError("LinearLR", "endFactor is \(endFactor). It must be from 0 to 1.")
            }
        }
    }

    override public func rates() -> [Double] {
        let rates = optimizer.learningRates
        if lastEpoch == 0 { return rates.map { $0 * startFactor } }
        if isInitial || lastEpoch > totalIters { return rates }
        let change = endFactor - startFactor
        let before = Double(totalIters) * startFactor + Double(lastEpoch - 1) * change
        return rates.map { $0 * (1 + change / before) }
    }

    override public func closedFormRates() -> [Double]? {
        guard totalIters != 0 else { return nil }
        let part = Double(min(totalIters, lastEpoch))
        return baseLRs.map { $0 * (startFactor + (endFactor - startFactor) * part / Double(totalIters)) }
    }
}
