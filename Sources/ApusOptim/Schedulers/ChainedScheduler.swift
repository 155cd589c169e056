import ApusGraph

/// Schedulers that all change the rate in each epoch, one behind the other
/// (`torch.optim.lr_scheduler.ChainedScheduler`).
public final class ChainedScheduler: LRScheduler {
    private let schedulers: [LRScheduler]

    /// A chain of the given schedulers.
    ///
    /// - Parameters:
    ///   - schedulers: made in this order, of the same optimizer.
    ///   - optimizer: theirs; that of the first where it is `nil`, which is the default.
    ///
    /// No schedulers, one of another optimizer, and a ``ReduceLROnPlateau`` are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ schedulers: [LRScheduler], optimizer: Optimizer? = nil) {
        self.schedulers = schedulers
        let chosen = optimizer ?? schedulers.first?.optimizer ?? NoOptimizer()
        super.init(idle: chosen, lastEpoch: 0) { () throws(TensorError) in
            try Self.check(schedulers, chosen, "ChainedScheduler")
        }
    }

    override public func step() {
        guard isReady() else { return }
        for scheduler in schedulers { scheduler.step() }
        lastEpoch += 1
        lastLR = optimizer.learningRates
    }

    /// An error: the schedulers may have no formula of an epoch.
    override public func step(epoch: Int) {
        TensorError.raise(TensorError(name, "it cannot jump to epoch \(epoch). Call step() for each epoch."))
    }

    override func undo() { for scheduler in schedulers { scheduler.undo() } }

    override public func stateDict() -> SchedulerState {
        var state = super.stateDict()
        state.children = schedulers.map { $0.stateDict() }
        return state
    }

    override public func load(_ state: SchedulerState) throws {
        try Self.load(state.children, schedulers, name)
        try super.load(state)
    }

    /// Throws where schedulers cannot be parts of another one.
    static func check(
        _ schedulers: [LRScheduler], _ optimizer: Optimizer, _ name: String
    ) throws(TensorError) {
        guard !schedulers.isEmpty else { throw TensorError(name, "there are no schedulers. Give at least one.") }
        for (index, scheduler) in schedulers.enumerated() {
            guard !(scheduler is ReduceLROnPlateau) else {
                throw TensorError(
                    name,
                    "the scheduler \(index) is a ReduceLROnPlateau, whose steps need a measure. Step it by itself.")
            }
            guard scheduler.optimizer === optimizer else {
                throw TensorError(
                    name, "the scheduler \(index) is of another optimizer. All must be made of the same one.")
            }
        }
    }

    /// Restores the parts of a scheduler.
    static func load(_ states: [SchedulerState], _ schedulers: [LRScheduler], _ name: String) throws {
        guard states.count == schedulers.count else {
            throw TensorError(
                name, "the state is of \(states.count) schedulers, but there are \(schedulers.count).")
        }
        for (scheduler, state) in zip(schedulers, states) { try scheduler.load(state) }
    }

    /// What stands for the optimizer of no schedulers, which are refused.
    private final class NoOptimizer: Optimizer {
        init() { super.init(unchecked: []) }
        override var learningRates: [Double] {
            get { [] }
            set {}
        }
    }
}
