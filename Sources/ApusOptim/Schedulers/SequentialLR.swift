import ApusGraph

/// Schedulers one after the other (`torch.optim.lr_scheduler.SequentialLR`).
///
///     SequentialLR(
///         optimizer,
///         schedulers: [LinearLR(optimizer, startFactor: 0.1), CosineAnnealingLR(optimizer, tMax: 35)],
///         milestones: [5])
///
/// At each milestone the next one begins, with its own epoch 0.
public final class SequentialLR: LRScheduler {
    private let schedulers: [LRScheduler]
    private let milestones: [Int]

    /// A sequence of the given schedulers.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - schedulers: made in this order, of the same optimizer.
    ///   - milestones: the epochs, in rising order, in which each scheduler but the first begins.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// No schedulers, one of another optimizer, a ``ReduceLROnPlateau``, one made of others elsewhere than in front,
    /// and another number of milestones than of schedulers less one are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, schedulers: [LRScheduler], milestones: [Int], lastEpoch: Int = -1) {
        (self.schedulers, self.milestones) = (schedulers, milestones)
        super.init(idle: optimizer, lastEpoch: lastEpoch + 1) { () throws(TensorError) in
            try ChainedScheduler.check(schedulers, optimizer, "SequentialLR")
            guard milestones.count == schedulers.count - 1 else {
                throw TensorError(
                    "SequentialLR",
                    "there are \(schedulers.count) schedulers and \(milestones.count) milestones. There must be one "
                        + "milestone less than schedulers.")
            }
            for (index, scheduler) in schedulers.enumerated().dropFirst()
            where scheduler is SequentialLR || scheduler is ChainedScheduler {
                throw TensorError(
                    "SequentialLR",
                    "the scheduler \(index) is a \(scheduler.name), which cannot begin later than in epoch 0. "
                        + "Put its schedulers into this list.")
            }
            for (earlier, later) in zip(milestones, milestones.dropFirst()) where earlier > later {
                throw TensorError(
                    "SequentialLR", "the milestone \(later) stands behind \(earlier). Put them in rising order.")
            }
        }
        guard isReady() else { return }
        // What making the schedulers did to the rates is undone; then the first one begins.
        let initial = optimizer.initialLearningRates.compactMap { $0 }
        if initial.count == optimizer.learningRates.count { optimizer.learningRates = initial }
        undoChildren()
        let first = schedulers[index(of: 0)]
        first.initialStep()
        lastLR = first.lastLR
    }

    /// A linear warm-up, then another scheduler, whose epoch 0 is epoch `epochs`.
    ///
    ///     let scheduler = SequentialLR.warmUp(optimizer, epochs: 5) { CosineAnnealingLR($0, tMax: 35) }
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - epochs: how long the rate rises to its full height, 1 or more.
    ///   - startFactor: the part of the rate to begin with, above 0 and at most 1; `1.0 / 3` by default.
    ///   - scheduler: makes the scheduler that follows.
    public static func warmUp(
        _ optimizer: Optimizer, epochs: Int, startFactor: Double = 1.0 / 3,
        then scheduler: (Optimizer) -> LRScheduler
    ) -> SequentialLR {
        let rise = LinearLR(optimizer, startFactor: startFactor, totalIters: epochs)
        return SequentialLR(optimizer, schedulers: [rise, scheduler(optimizer)], milestones: [epochs])
    }

    /// Which scheduler an epoch belongs to.
    private func index(of epoch: Int) -> Int { milestones.count { $0 <= epoch } }

    override public func step() {
        guard isReady() else { return }
        lastEpoch += 1
        let index = index(of: lastEpoch)
        let scheduler = schedulers[index]
        if index > 0, milestones[index - 1] == lastEpoch {
            scheduler.jump(to: 0)
        } else {
            scheduler.step()
        }
        lastLR = scheduler.lastLR
    }

    /// An error: the schedulers have epochs of their own.
    override public func step(epoch: Int) {
        TensorError.raise(TensorError(name, "it cannot jump to epoch \(epoch). Call step() for each epoch."))
    }

    private func undoChildren() { for scheduler in schedulers { scheduler.undo() } }

    override func undo() { undoChildren() }

    override public func stateDict() -> SchedulerState {
        var state = super.stateDict()
        state.children = schedulers.map { $0.stateDict() }
        return state
    }

    override public func load(_ state: SchedulerState) throws {
        try ChainedScheduler.load(state.children, schedulers, name)
        try super.load(state)
    }
}
