import ApusGraph
import Foundation

/// The rate times `gamma` every `stepSize` epochs (`torch.optim.lr_scheduler.StepLR`).
///
/// Epoch e: base · gamma^⌊e / stepSize⌋.
public final class StepLR: LRScheduler {
    private let stepSize: Int
    private let gamma: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - stepSize: the epochs from one fall to the next, at least 1.
    ///   - gamma: the factor of each; `0.1` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// A `stepSize` below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, stepSize: Int, gamma: Double = 0.1, lastEpoch: Int = -1) {
        (self.stepSize, self.gamma) = (stepSize, gamma)
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try SchedulerChecks.atLeastOne(stepSize, "stepSize", "StepLR")
        }
    }

    override public func rates() -> [Double] {
        let rates = optimizer.learningRates
        return lastEpoch == 0 || lastEpoch % stepSize != 0 ? rates : rates.map { $0 * gamma }
    }

    override public func closedFormRates() -> [Double]? {
        let exponent = (Double(lastEpoch) / Double(stepSize)).rounded(.down)
        return baseLRs.map { $0 * pow(gamma, exponent) }
    }
}
