import ApusGraph

/// A number for all groups of parameters, or one for each: what an argument such as `maxLR` can be.
public protocol GroupValues {
    /// The only number, or one a group.
    var groupValues: [Double] { get }
    /// Whether there is one a group.
    var isList: Bool { get }
}

extension Double: GroupValues {
    /// The number.
    public var groupValues: [Double] { [self] }
    /// False: it stands for all groups.
    public var isList: Bool { false }
}

extension Array: GroupValues where Element == Double {
    /// One number a group.
    public var groupValues: [Double] { self }
    /// True.
    public var isList: Bool { true }
}

extension GroupValues {
    /// One number a group; throws where the list has another length.
    func resolved(_ argument: String, _ optimizer: Optimizer, _ scheduler: String) throws(TensorError) -> [Double] {
        let count = optimizer.learningRates.count
        guard isList else { return [Double](repeating: groupValues.first ?? 0, count: count) }
        guard groupValues.count == count else {
            throw TensorError(
                scheduler,
                "\(argument) has \(groupValues.count) values, but the optimizer has \(count) groups of parameters. "
                    + "Give one for each, or one number for all.")
        }
        return groupValues
    }

    /// One number a group, or the first for all where the list is refused.
    func resolvedOrFirst(_ optimizer: Optimizer) -> [Double] {
        let count = optimizer.learningRates.count
        return isList && groupValues.count == count
            ? groupValues : [Double](repeating: groupValues.first ?? 0, count: count)
    }
}

/// Checks that schedulers share.
enum SchedulerChecks {
    static func atLeastOne(_ value: Int, _ argument: String, _ scheduler: String) throws(TensorError) {
        guard value >= 1 else {
            throw TensorError(scheduler, "\(argument) is \(value). It must be 1 or more.")
        }
    }

    /// What `cycleMomentum` needs.
    static func hasMomentum(_ optimizer: Optimizer, _ scheduler: String) throws(TensorError) {
        guard optimizer.momenta != nil else {
            throw TensorError(
                scheduler,
                "\(optimizer.name) has neither momentum nor betas. Pass cycleMomentum: false, or another optimizer.")
        }
    }
}
