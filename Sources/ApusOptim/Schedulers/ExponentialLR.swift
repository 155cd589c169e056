import ApusGraph
import Foundation

/// The rate times `gamma` every epoch (`torch.optim.lr_scheduler.ExponentialLR`).
///
/// Epoch e: base · gammaᵉ.
public final class ExponentialLR: LRScheduler {
    private let gamma: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - gamma: the factor of each epoch.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    public init(_ optimizer: Optimizer, gamma: Double, lastEpoch: Int = -1) {
        self.gamma = gamma
        super.init(optimizer, lastEpoch: lastEpoch)
    }

    override public func rates() -> [Double] {
        isInitial ? optimizer.learningRates : optimizer.learningRates.map { $0 * gamma }
    }

    override public func closedFormRates() -> [Double]? { baseLRs.map { $0 * pow(gamma, Double(lastEpoch)) } }
}
