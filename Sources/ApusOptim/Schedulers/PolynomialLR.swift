import ApusGraph
import Foundation

/// A rate that falls to 0 in `totalIters` epochs (`torch.optim.lr_scheduler.PolynomialLR`).
///
/// Epoch e: base · (1 − min(e, totalIters) / totalIters)^power.
public final class PolynomialLR: LRScheduler {
    private let totalIters: Int
    private let power: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - totalIters: the epochs until the rate is 0; `5` by default.
    ///   - power: of the curve: 1 is a line; `1` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    public init(_ optimizer: Optimizer, totalIters: Int = 5, power: Double = 1, lastEpoch: Int = -1) {
        (self.totalIters, self.power) = (totalIters, power)
        super.init(optimizer, lastEpoch: lastEpoch)
    }

    override public func rates() -> [Double] {
        let rates = optimizer.learningRates
        if isInitial || lastEpoch > totalIters { return rates }
        let (epoch, total) = (Double(lastEpoch), Double(totalIters))
        let factor = pow((1 - epoch / total) / (1 - (epoch - 1) / total), power)
        return rates.map { $0 * factor }
    }

    override public func closedFormRates() -> [Double]? {
        guard totalIters != 0 else { return nil }
        let rest = 1 - Double(min(totalIters, lastEpoch)) / Double(totalIters)
        return baseLRs.map { $0 * pow(rest, power) }
    }
}
