import ApusGraph

/// The rate times `factor` where a measure of training has not become better for more than `patience` epochs
/// (`torch.optim.lr_scheduler.ReduceLROnPlateau`).
///
///     scheduler.step(validationLoss)
///
/// After more than `patience` bad epochs: lr ← max(lr · factor, minLR). A measure is good where it is below
/// best · (1 − threshold), or best − threshold by `.abs`; with the mode `.max` above best · (1 + threshold) or
/// best + threshold.
public final class ReduceLROnPlateau: LRScheduler {
    /// Which way is better.
    public enum Mode: String, Sendable, Hashable, CaseIterable { case min, max }

    /// How a measure must beat the best one: by the part `threshold` of it, or by `threshold` itself.
    public enum ThresholdMode: String, Sendable, Hashable, CaseIterable { case rel, abs }

    private let mode: Mode
    private let factor: Double
    private let patience: Int
    private let threshold: Double
    private let thresholdMode: ThresholdMode
    private let cooldown: Int
    private let minLR: any GroupValues
    private let eps: Double
    /// The best measure so far; nil before the first that was better than none.
    public private(set) var best: Double?
    private var badEpochs = 0
    private var cooldownCounter = 0

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - mode: which way the measure is better; `.min` by default.
    ///   - factor: of each reduction, below 1; `0.1` by default.
    ///   - patience: the bad epochs that are let pass; `10` by default.
    ///   - threshold: by how much a measure must beat the best one; `1e-4` by default.
    ///   - thresholdMode: whether that is a part of the best one or a difference; `.rel` by default.
    ///   - cooldown: the epochs after a reduction in which bad ones are not counted; `0` by default.
    ///   - minLR: below which no rate falls, for all groups or for each; `0.0` by default.
    ///   - eps: a reduction by no more than this is left out; `1e-8` by default.
    ///
    /// A `factor` of 1 or more, and a list of another length than the groups, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ optimizer: Optimizer, mode: Mode = .min, factor: Double = 0.1, patience: Int = 10,
        threshold: Double = 1e-4, thresholdMode: ThresholdMode = .rel, cooldown: Int = 0,
        minLR: any GroupValues = 0.0, eps: Double = 1e-8
    ) {
        (self.mode, self.factor, self.patience) = (mode, factor, patience)
        (self.threshold, self.thresholdMode, self.cooldown) = (threshold, thresholdMode, cooldown)
        (self.minLR, self.eps) = (minLR, eps)
        super.init(idle: optimizer, lastEpoch: 0) { () throws(TensorError) in
            guard factor < 1 else {
                throw TensorError("ReduceLROnPlateau", "factor is \(factor). It must be below 1.")
            }
            _ = try minLR.resolved("minLR", optimizer, "ReduceLROnPlateau")
        }
    }

    /// Takes in the measure `metric` of an epoch, which is not better than the best where it is NaN.
    public func step(_ metric: Double) { step(metric, epoch: lastEpoch + 1) }

    /// Takes in the measure `metric` of a given `epoch`.
    public func step(_ metric: Double, epoch: Int) {
        guard isReady() else { return }
        lastEpoch = epoch
        if isBetter(metric) {
            best = metric
            badEpochs = 0
        } else {
            badEpochs += 1
        }
        if cooldownCounter > 0 {
            cooldownCounter -= 1
            badEpochs = 0
        }
        if badEpochs > patience {
            reduce()
            cooldownCounter = cooldown
            badEpochs = 0
        }
        lastLR = optimizer.learningRates
    }

    /// An error: a step needs a measure.
    override public func step() {
        TensorError.raise(
            TensorError(name, "a step needs the measure that should become better. Call step(validationLoss)."))
    }

    /// An error: a step needs a measure.
    override public func step(epoch: Int) { step() }

    private func isBetter(_ metric: Double) -> Bool {
        let best = best ?? (mode == .min ? .infinity : -.infinity)
        switch (mode, thresholdMode) {
        case (.min, .rel): return metric < best * (1 - threshold)
        case (.min, .abs): return metric < best - threshold
        case (.max, .rel): return metric > best * (threshold + 1)
        case (.max, .abs): return metric > best + threshold
        }
    }

    private func reduce() {
        let least: [Double]
        do throws(TensorError) {
            least = try minLR.resolved("minLR", optimizer, name)
        } catch {
            refuse(error)
            return
        }
        optimizer.learningRates = zip(optimizer.learningRates, least).map { old, least in
            let new = max(old * factor, least)
            return old - new > eps ? new : old
        }
    }

    override public func stateDict() -> SchedulerState {
        var state = super.stateDict()
        state.numbers["num_bad_epochs"] = Double(badEpochs)
        state.numbers["cooldown_counter"] = Double(cooldownCounter)
        state.numbers["best"] = best.flatMap { $0.isFinite ? $0 : nil }
        return state
    }

    override public func load(_ state: SchedulerState) throws {
        let bad = try state.integer("num_bad_epochs", name)
        let counter = try state.integer("cooldown_counter", name)
        try super.load(state)
        (badEpochs, cooldownCounter, best) = (bad, counter, state.numbers["best"])
    }
}
