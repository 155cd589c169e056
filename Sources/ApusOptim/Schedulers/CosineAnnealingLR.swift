import ApusGraph
import Foundation

/// A rate that falls along a cosine to `etaMin` in `tMax` epochs, and rises again in the next `tMax`
/// (`torch.optim.lr_scheduler.CosineAnnealingLR`; Loshchilov & Hutter 2017).
///
/// Epoch e: etaMin + (base − etaMin) · (1 + cos(π · e / tMax)) / 2.
public final class CosineAnnealingLR: LRScheduler {
    private let tMax: Int
    private let etaMin: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - tMax: the epochs of the fall, at least 1.
    ///   - etaMin: the rate at its end; `0` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// A `tMax` below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, tMax: Int, etaMin: Double = 0, lastEpoch: Int = -1) {
        (self.tMax, self.etaMin) = (tMax, etaMin)
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try SchedulerChecks.atLeastOne(tMax, "tMax", "CosineAnnealingLR")
        }
    }

    override public func rates() -> [Double] {
        let rates = optimizer.learningRates
        if isInitial { return rates }
        if stepCount == 1, lastEpoch > 0 { return annealed() }
        // At the lowest point the recurrence would divide by 0.
        if (lastEpoch - 1 - tMax) % (2 * tMax) == 0 {
            let rise = (1 - cos(.pi / Double(tMax))) / 2
            return zip(rates, baseLRs).map { $0 + ($1 - etaMin) * rise }
        }
        let factor = (1 + cosine(lastEpoch)) / (1 + cosine(lastEpoch - 1))
        return rates.map { factor * ($0 - etaMin) + etaMin }
    }

    override public func closedFormRates() -> [Double]? { annealed() }

    private func cosine(_ epoch: Int) -> Double { cos(.pi * Double(epoch) / Double(tMax)) }

    private func annealed() -> [Double] { baseLRs.map { etaMin + ($0 - etaMin) * (1 + cosine(lastEpoch)) / 2 } }
}
