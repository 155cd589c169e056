import ApusGraph

/// The rate times `factor` until epoch `totalIters` (`torch.optim.lr_scheduler.ConstantLR`).
///
/// Epoch e: base · factor for e < totalIters, then base.
public final class ConstantLR: LRScheduler {
    private let factor: Double
    private let totalIters: Int

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - factor: the part of the rate to begin with, 0 to 1; `1.0 / 3` by default.
    ///   - totalIters: the epoch from which on the rate is whole; `5` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// Another factor is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, factor: Double = 1.0 / 3, totalIters: Int = 5, lastEpoch: Int = -1) {
        (self.factor, self.totalIters) = (factor, totalIters)
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            guard factor >= 0, factor <= 1 else {
                throw TensorError("ConstantLR", "factor is \(factor). It must be from 0 to 1.")
            }
        }
    }

    override public func rates() -> [Double] {
        let rates = optimizer.learningRates
        if lastEpoch == 0 { return rates.map { $0 * factor } }
        if lastEpoch != totalIters { return rates }
        guard factor != 0 else {
            refuse(
                TensorError(
                    "ConstantLR",
                    "factor is 0, and from a rate of 0 the original one cannot be restored in epoch \(totalIters). "
                        + "Use a small factor."))
            return rates
        }
        return rates.map { $0 * (1 / factor) }
    }

    override public func closedFormRates() -> [Double]? {
        baseLRs.map { $0 * (factor + (lastEpoch >= totalIters ? 1 - factor : 0)) }
    }
}
