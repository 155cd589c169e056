import ApusGraph
import Foundation

/// A rate that goes up and down between `baseLR` and `maxLR` (`torch.optim.lr_scheduler.CyclicLR`; Smith 2017).
///
/// A cycle takes `stepSizeUp` steps up and `stepSizeDown` down, and reaches the part `scale` of the height. The
/// momentum (β₁ where the optimizer has betas) goes the other way. Step it after each batch.
public final class CyclicLR: LRScheduler {
    /// How the height of a cycle changes.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// It stays.
        case triangular = "triangular"
        /// It halves each cycle.
        case triangular2 = "triangular2"
        /// It is gamma^step.
        case expRange = "exp_range"
    }

    /// What a function of one's own is given: the number of the cycle, from 1, or that of the step, from 0.
    public enum ScaleMode: String, Sendable, Hashable, CaseIterable { case cycle, iterations }

    private let maxLRs: [Double]
    private let totalSize: Double
    private let stepRatio: Double
    private let scale: (Double) -> Double
    private let scaleMode: ScaleMode
    private let momenta: (base: [Double], max: [Double])?

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - baseLR: the least rate, for all groups or for each.
    ///   - maxLR: the largest rate, for all groups or for each.
    ///   - stepSizeUp: the steps up in a cycle; `2000` by default.
    ///   - stepSizeDown: the steps down; as many as up where it is `nil`, which is the default.
    ///   - mode: how the height of a cycle changes; `.triangular` by default.
    ///   - gamma: of ``Mode/expRange``; `1` by default.
    ///   - scaleFn: a height of one's own, instead of `mode`, by what `scaleMode` says; `nil`, none, by default.
    ///   - scaleMode: what that function is given; `.cycle` by default.
    ///   - cycleMomentum: whether the momentum goes from `maxMomentum` to `baseMomentum` and back; `true` by default.
    ///   - baseMomentum: the least momentum, for all groups or for each; `0.8` by default.
    ///   - maxMomentum: the largest momentum, likewise; `0.9` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// Step sizes that make no cycle, lists of another length than the groups, and `cycleMomentum` with an optimizer
    /// that has neither momentum nor betas are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ optimizer: Optimizer, baseLR: any GroupValues, maxLR: any GroupValues, stepSizeUp: Int = 2000,
        stepSizeDown: Int? = nil, mode: Mode = .triangular, gamma: Double = 1,
        scaleFn: ((Double) -> Double)? = nil, scaleMode: ScaleMode = .cycle, cycleMomentum: Bool = true,
        baseMomentum: any GroupValues = 0.8, maxMomentum: any GroupValues = 0.9, lastEpoch: Int = -1
    ) {
        maxLRs = maxLR.resolvedOrFirst(optimizer)
        totalSize = Double(stepSizeUp) + Double(stepSizeDown ?? stepSizeUp)
        stepRatio = Double(stepSizeUp) / totalSize
        self.scaleMode = scaleFn != nil ? scaleMode : mode == .expRange ? .iterations : .cycle
        switch mode {
        case _ where scaleFn != nil: scale = scaleFn ?? { _ in 1 }
        case .triangular: scale = { _ in 1 }
        case .triangular2: scale = { 1 / pow(2, $0 - 1) }
        case .expRange: scale = { pow(gamma, $0) }
        }
        momenta =
            cycleMomentum
            ? (baseMomentum.resolvedOrFirst(optimizer), maxMomentum.resolvedOrFirst(optimizer)) : nil
        let bases = baseLR.resolvedOrFirst(optimizer)
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            _ = try baseLR.resolved("baseLR", optimizer, "CyclicLR")
            _ = try maxLR.resolved("maxLR", optimizer, "CyclicLR")
            try SchedulerChecks.atLeastOne(stepSizeUp, "stepSizeUp", "CyclicLR")
            if let stepSizeDown, stepSizeDown < 0 {
                throw TensorError("CyclicLR", "stepSizeDown is \(stepSizeDown). It must be 0 or more.")
            }
            if cycleMomentum {
                try SchedulerChecks.hasMomentum(optimizer, "CyclicLR")
                _ = try baseMomentum.resolved("baseMomentum", optimizer, "CyclicLR")
                _ = try maxMomentum.resolved("maxMomentum", optimizer, "CyclicLR")
            }
            if lastEpoch == -1 { optimizer.learningRates = bases }
        }
        // The first step went from the rates that other schedulers began with, as in PyTorch.
        if !baseLRs.isEmpty { baseLRs = bases }
    }

    override public func rates() -> [Double] {
        let position = Double(lastEpoch) / totalSize
        let cycle = (1 + position).rounded(.down)
        let x = 1 + position - cycle
        let height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1)
        let scale = scale(scaleMode == .cycle ? cycle : Double(lastEpoch))
        if let momenta {
            optimizer.momenta = zip(momenta.base, momenta.max).map { base, most in
                most - (most - base) * height * scale
            }
        }
        return zip(baseLRs, maxLRs).map { base, most in base + (most - base) * height * scale }
    }
}
