import ApusGraph
import Foundation

/// One rise to `maxLR` and one fall far below the beginning (`torch.optim.lr_scheduler.OneCycleLR`; Smith & Topin
/// 2018).
///
/// The rate goes from maxLR / divFactor in the first `pctStart` of the steps to maxLR, and in the others to maxLR /
/// divFactor / finalDivFactor; with `threePhase` back to the beginning as fast as it rose, and then to the end. The
/// momentum (β₁ where the optimizer has betas) goes from `maxMomentum` to `baseMomentum` and back. Step it after each
/// batch.
public final class OneCycleLR: LRScheduler {
    /// The curve between two rates.
    public enum AnnealStrategy: String, Sendable, Hashable, CaseIterable { case cos, linear }

    /// Numbers of each group between which a phase goes.
    private struct Phase {
        /// The step in which it ends.
        let end: Double
        let rates: (from: [Double], to: [Double])
        let momenta: (from: [Double], to: [Double])
    }

    private let totalSteps: Int
    private let strategy: AnnealStrategy
    private let phases: [Phase]
    private let cycleMomentum: Bool

    /// A scheduler of `totalSteps` steps.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - maxLR: the largest rate, for all groups or for each.
    ///   - totalSteps: the number of steps, at least 1; more of them are an error.
    ///   - pctStart: the part of the steps in which the rate rises, from 0 to 1; `0.3` by default.
    ///   - annealStrategy: the curve between two rates; `.cos` by default.
    ///   - cycleMomentum: whether the momentum (β₁ where the optimizer has betas) goes the other way; `true` by
    ///     default.
    ///   - baseMomentum: the least momentum, for all groups or for each; `0.85` by default.
    ///   - maxMomentum: the largest momentum, likewise; `0.95` by default.
    ///   - divFactor: how many times smaller than the largest the first rate is; `25` by default.
    ///   - finalDivFactor: how many times smaller than the first the last one is; `1e4` by default.
    ///   - threePhase: whether the rate goes back to the beginning as fast as it rose, and then to the end; `false` by
    ///     default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// A number of steps below 1, a `pctStart` outside of 0 … 1, lists of another length than the groups,
    /// `cycleMomentum` with an optimizer that has neither momentum nor betas, and more steps than `totalSteps` are
    /// errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ optimizer: Optimizer, maxLR: any GroupValues, totalSteps: Int, pctStart: Double = 0.3,
        annealStrategy: AnnealStrategy = .cos, cycleMomentum: Bool = true, baseMomentum: any GroupValues = 0.85,
        maxMomentum: any GroupValues = 0.95, divFactor: Double = 25, finalDivFactor: Double = 1e4,
        threePhase: Bool = false, lastEpoch: Int = -1
    ) {
        self.totalSteps = totalSteps
        strategy = annealStrategy
        self.cycleMomentum = cycleMomentum
        let most = maxLR.resolvedOrFirst(optimizer)
        let first = most.map { $0 / divFactor }
        let last = first.map { $0 / finalDivFactor }
        let low = baseMomentum.resolvedOrFirst(optimizer)
        let high = maxMomentum.resolvedOrFirst(optimizer)
        let rise = Phase(
            end: pctStart * Double(totalSteps) - 1, rates: (first, most), momenta: (high, low))
        let end = Double(totalSteps) - 1
        phases =
            threePhase
            ? [
                rise,
                Phase(end: 2 * pctStart * Double(totalSteps) - 2, rates: (most, first), momenta: (low, high)),
                Phase(end: end, rates: (first, last), momenta: (high, high)),
            ] : [rise, Phase(end: end, rates: (most, last), momenta: (low, high))]
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try SchedulerChecks.atLeastOne(totalSteps, "totalSteps", "OneCycleLR")
            guard pctStart >= 0, pctStart <= 1 else {
                throw TensorError("OneCycleLR", "pctStart is \(pctStart). It must be from 0 to 1.")
            }
            _ = try maxLR.resolved("maxLR", optimizer, "OneCycleLR")
            if cycleMomentum {
                try SchedulerChecks.hasMomentum(optimizer, "OneCycleLR")
                _ = try baseMomentum.resolved("baseMomentum", optimizer, "OneCycleLR")
                _ = try maxMomentum.resolved("maxMomentum", optimizer, "OneCycleLR")
            }
            if lastEpoch == -1 { optimizer.initialLearningRates = first }
        }
    }

    /// A scheduler of `epochs` · `stepsPerEpoch` steps, otherwise as the other initialiser.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - maxLR: the largest rate, for all groups or for each.
    ///   - epochs: the number of epochs.
    ///   - stepsPerEpoch: the number of batches in each.
    ///   - pctStart: the part of the steps in which the rate rises, from 0 to 1; `0.3` by default.
    ///   - annealStrategy: the curve between two rates; `.cos` by default.
    ///   - cycleMomentum: whether the momentum (β₁ where the optimizer has betas) goes the other way; `true` by
    ///     default.
    ///   - baseMomentum: the least momentum, for all groups or for each; `0.85` by default.
    ///   - maxMomentum: the largest momentum, likewise; `0.95` by default.
    ///   - divFactor: how many times smaller than the largest the first rate is; `25` by default.
    ///   - finalDivFactor: how many times smaller than the first the last one is; `1e4` by default.
    ///   - threePhase: whether the rate goes back to the beginning as fast as it rose, and then to the end; `false` by
    ///     default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    public convenience init(
        _ optimizer: Optimizer, maxLR: any GroupValues, epochs: Int, stepsPerEpoch: Int, pctStart: Double = 0.3,
        annealStrategy: AnnealStrategy = .cos, cycleMomentum: Bool = true, baseMomentum: any GroupValues = 0.85,
        maxMomentum: any GroupValues = 0.95, divFactor: Double = 25, finalDivFactor: Double = 1e4,
        threePhase: Bool = false, lastEpoch: Int = -1
    ) {
        // Two negative numbers must not pass as a positive one.
        let total =
            min(epochs, stepsPerEpoch) < 1
            ? 0
            : epochs.multipliedReportingOverflow(by: stepsPerEpoch)
                .partialValue
        self.init(
            optimizer, maxLR: maxLR, totalSteps: total, pctStart: pctStart, annealStrategy: annealStrategy,
            cycleMomentum: cycleMomentum, baseMomentum: baseMomentum, maxMomentum: maxMomentum, divFactor: divFactor,
            finalDivFactor: finalDivFactor, threePhase: threePhase, lastEpoch: lastEpoch)
    }

    override public func rates() -> [Double] {
        let current = optimizer.learningRates
        guard lastEpoch <= totalSteps else {
            refuse(
                TensorError(
                    name, "this is step \(lastEpoch), but totalSteps is \(totalSteps). Make it as many as there are."))
            return current
        }
        let step = Double(lastEpoch)
        var start = 0.0
        for (index, phase) in phases.enumerated() {
            guard step <= phase.end || index == phases.count - 1 else {
                start = phase.end
                continue
            }
            guard phase.end != start else {
                refuse(
                    TensorError(
                        name,
                        "a phase of the \(totalSteps) steps has no length. Use more steps, or another pctStart."))
                return current
            }
            let part = (step - start) / (phase.end - start)
            if cycleMomentum { optimizer.momenta = anneal(phase.momenta, part) }
            return anneal(phase.rates, part)
        }
        return current
    }

    private func anneal(_ ends: (from: [Double], to: [Double]), _ part: Double) -> [Double] {
        zip(ends.from, ends.to).map { from, to in
            switch strategy {
            case .cos: to + (from - to) / 2 * (cos(.pi * part) + 1)
            case .linear: (to - from) * part + from
            }
        }
    }
}
