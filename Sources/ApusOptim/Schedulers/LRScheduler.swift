import ApusGraph

/// Changes the learning rates of an optimizer from epoch to epoch (`torch.optim.lr_scheduler.LRScheduler`).
///
///     let scheduler = CosineAnnealingLR(optimizer, tMax: 40)
///     for epoch in 0..<40 {
///         train(net, optimizer)
///         scheduler.step()
///     }
///
/// Making a scheduler sets the rates of epoch 0, each ``step()`` those of the next. Most change the rate that they
/// find, so that several can work on one optimizer. A subclass says in ``rates()`` how.
open class LRScheduler {
    /// Whose learning rates it sets.
    public let optimizer: Optimizer
    /// The epoch whose rates are set.
    public final internal(set) var lastEpoch: Int
    /// The learning rate of each group before any scheduler changed it.
    public final internal(set) var baseLRs: [Double] = []
    /// The learning rate of each group that the last step set (`get_last_lr()`).
    public final internal(set) var lastLR: [Double] = []
    /// How many steps were made, the one of the initialiser included.
    public final internal(set) var stepCount = 0
    /// Whether the rates of epoch 0 are being set by the initialiser.
    public final private(set) var isInitial = false
    /// Whether the arguments were refused; the scheduler then does nothing.
    private var isRefused = false

    /// A scheduler of an optimizer, which begins at once; `checks` are those of its arguments.
    ///
    /// What `checks` throws is an error, as is a `lastEpoch` of 0 or more, with which training is resumed, where no
    /// scheduler has begun on this optimizer (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///   - checks: throws where an argument of a subclass is refused; `{}`, which accepts all, by default.
    public init(_ optimizer: Optimizer, lastEpoch: Int = -1, checks: () throws(TensorError) -> Void = {}) {
        self.optimizer = optimizer
        self.lastEpoch = lastEpoch
        guard accept(checks) else { return }
        begin()
    }

    /// A scheduler that sets no rates yet.
    init(idle optimizer: Optimizer, lastEpoch: Int, checks: () throws(TensorError) -> Void) {
        self.optimizer = optimizer
        self.lastEpoch = lastEpoch
        if accept(checks) { lastLR = optimizer.learningRates }
    }

    /// Whether the checks found nothing; what they throw is raised.
    private func accept(_ checks: () throws(TensorError) -> Void) -> Bool {
        do throws(TensorError) {
            try checks()
        } catch {
            refuse(error)
        }
        return !isRefused
    }

    /// Raises an error, after which the scheduler does nothing.
    final func refuse(_ error: TensorError) {
        isRefused = true
        TensorError.raise(error)
    }

    /// Whether the scheduler works on the groups that it was made for, and its arguments were accepted.
    final func isReady() -> Bool {
        guard !isRefused else { return false }
        let count = optimizer.learningRates.count
        if !baseLRs.isEmpty, baseLRs.count != count {
            refuse(
                TensorError(
                    name,
                    "the optimizer has \(count) groups of parameters, but had \(baseLRs.count) when the scheduler was "
                        + "made. Add groups first, or make another scheduler."))
        }
        return !isRefused
    }

    /// The scheduler as errors name it.
    final var name: String { String(describing: type(of: self)) }

    /// Takes the rates of the optimizer as those to begin with, and sets those of epoch 0.
    private func begin() {
        let rates = optimizer.learningRates
        var initial = optimizer.initialLearningRates
        initial += [Double?](repeating: nil, count: max(0, rates.count - initial.count))
        if lastEpoch == -1 {
            for (index, rate) in rates.enumerated() { initial[index] = initial[index] ?? rate }
            optimizer.initialLearningRates = initial
        }
        baseLRs = initial.compactMap { $0 }
        guard baseLRs.count == rates.count else {
            refuse(
                TensorError(
                    name,
                    "lastEpoch is \(lastEpoch), but no scheduler has begun on this optimizer. Load the optimizer's "
                        + "state first, or leave lastEpoch out."))
            return
        }
        initialStep()
    }

    /// Sets the rates of epoch 0, when the scheduler is made or ``SequentialLR`` begins with it.
    func initialStep() {
        stepCount = 0
        isInitial = true
        step()
        isInitial = false
    }

    /// Sets the rates of the next epoch.
    open func step() {
        stepCount += 1
        advance()
    }

    /// Sets the rates of `epoch`, by ``closedFormRates()`` where the scheduler has one.
    open func step(epoch: Int) {
        stepCount += 1
        jump(to: epoch)
    }

    private func advance() {
        guard isReady() else { return }
        lastEpoch += 1
        set(rates())
    }

    /// Sets the rates of an epoch without counting a step.
    final func jump(to epoch: Int) {
        guard isReady() else { return }
        lastEpoch = epoch
        set(closedFormRates() ?? rates())
    }

    /// Sets the rates of all groups, unless computing them failed.
    final func set(_ rates: [Double]) {
        guard !isRefused else { return }
        optimizer.learningRates = rates
        lastLR = optimizer.learningRates
    }

    /// The rates of the groups in epoch ``lastEpoch``, from those that the optimizer has now.
    open func rates() -> [Double] { preconditionFailure("\(type(of: self)) must override rates()") }

    /// The rates of the groups in epoch ``lastEpoch``, from ``baseLRs``; nil where there is no formula.
    open func closedFormRates() -> [Double]? { nil }

    // MARK: - Saving

    /// What the scheduler remembers, to be saved; the optimizer's ``Optimizer/stateDict()`` holds the rates themselves.
    open func stateDict() -> SchedulerState {
        SchedulerState(
            numbers: ["last_epoch": Double(lastEpoch), "_step_count": Double(stepCount)],
            lists: ["base_lrs": baseLRs, "_last_lr": lastLR])
    }

    /// Goes on where the scheduler that made `state` stopped; it was made with the same arguments.
    ///
    /// Throws a `TensorError` where the state is not that of such a scheduler.
    open func load(_ state: SchedulerState) throws {
        let (epoch, count) = (try state.integer("last_epoch", name), try state.integer("_step_count", name))
        let (base, last) = (try state.list("base_lrs", name), try state.list("_last_lr", name))
        guard base.count == baseLRs.count, last.count == optimizer.learningRates.count else {
            throw TensorError(
                name,
                "the state is of \(last.count) groups of parameters, the optimizer has "
                    + "\(optimizer.learningRates.count). Make it of the same groups.")
        }
        (lastEpoch, stepCount, baseLRs, lastLR) = (epoch, count, base, last)
    }

    /// Makes ``lastEpoch`` of this scheduler and those that it is made of one less, as if it had not begun.
    func undo() { lastEpoch -= 1 }
}
