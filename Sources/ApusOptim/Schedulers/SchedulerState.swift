import ApusGraph

/// What a scheduler remembers, to be saved and restored (`LRScheduler.state_dict`).
public struct SchedulerState: Sendable, Hashable, Codable {
    /// Numbers by PyTorch's names, such as `last_epoch`; all are finite.
    public var numbers: [String: Double]
    /// Numbers of each group of parameters by PyTorch's names, such as `base_lrs`.
    public var lists: [String: [Double]]
    /// The states of the schedulers that this one is made of.
    public var children: [SchedulerState]

    /// A state to be saved.
    ///
    /// - Parameters:
    ///   - numbers: by PyTorch's names; `[:]` by default.
    ///   - lists: one number for each group, by PyTorch's names; `[:]` by default.
    ///   - children: of the schedulers that it is made of; `[]` by default.
    public init(
        numbers: [String: Double] = [:], lists: [String: [Double]] = [:], children: [SchedulerState] = []
    ) {
        (self.numbers, self.lists, self.children) = (numbers, lists, children)
    }

    func number(_ key: String, _ scheduler: String) throws -> Double {
        guard let number = numbers[key] else { throw Self.missing(key, scheduler) }
        return number
    }

    func integer(_ key: String, _ scheduler: String) throws -> Int {
        let number = try number(key, scheduler)
        guard let integer = Int(exactly: number) else {
            throw TensorError(scheduler, "\(key) of the state is \(number), which is no whole number.")
        }
        return integer
    }

    func list(_ key: String, _ scheduler: String) throws -> [Double] {
        guard let list = lists[key] else { throw Self.missing(key, scheduler) }
        return list
    }

    private static func missing(_ key: String, _ scheduler: String) -> TensorError {
        TensorError(scheduler, "the state has no \(key). It is that of another kind of scheduler.")
    }
}
