import ApusPlan

/// The plans of the computations met so far; the one unused for longest leaves when there are too many.
struct PlanCache {
    /// More than any program here needs at once: a training loop has about five, a loop over slices some dozens.
    static let capacity = 512

    private var entries: [PlanKey: (plan: ExecutablePlan, lastUse: Int)] = [:]
    private var clock = 0

    var count: Int { entries.count }

    mutating func plan(for key: PlanKey) -> ExecutablePlan? {
        clock += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].lastUse = clock
        return entries.values[index].plan
    }

    mutating func insert(_ plan: ExecutablePlan, for key: PlanKey) {
        if entries.count >= Self.capacity,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            entries[oldest] = nil
        }
        clock += 1
        entries[key] = (plan, clock)
    }
}
