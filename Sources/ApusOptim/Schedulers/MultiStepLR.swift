import ApusGraph
import Foundation

/// The rate times `gamma` at each milestone (`torch.optim.lr_scheduler.MultiStepLR`).
///
/// Epoch e: base · gamma^(number of milestones up to e); a milestone that is named twice counts twice.
public final class MultiStepLR: LRScheduler {
    private let milestones: [Int]
    private let gamma: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - milestones: epochs, in any order.
    ///   - gamma: the factor at each; `0.1` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    public init(_ optimizer: Optimizer, milestones: [Int], gamma: Double = 0.1, lastEpoch: Int = -1) {
        (self.milestones, self.gamma) = (milestones, gamma)
        super.init(optimizer, lastEpoch: lastEpoch)
    }

    override public func rates() -> [Double] {
        let count = milestones.count { $0 == lastEpoch }
        return count == 0
            ? optimizer.learningRates : optimizer.learningRates.map { $0 * pow(gamma, Double(count)) }
    }

    override public func closedFormRates() -> [Double]? {
        let count = milestones.count { $0 <= lastEpoch }
        return baseLRs.map { $0 * pow(gamma, Double(count)) }
    }
}
