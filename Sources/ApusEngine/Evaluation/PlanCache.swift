import ApusGraph
import ApusPlan

/// The plans of the computations met so far; the one unused for longest leaves when there are too many.
struct PlanCache {
    /// More than any program here needs at once: a training loop has about five, a loop over slices some dozens.
    static let capacity = 512

    private var entries: [PlanKey: (plan: ExecutablePlan, lastUse: Int)] = [:]
    private var clock = 0

    var count: Int { entries.count }

    /// The plan that was used last: a training loop's next step is found without a key of its own.
    private var latest: (key: PlanKey, plan: ExecutablePlan)?

    /// The plan that was used last, if it is that of a graph.
    func latestPlan(for graph: CollectedGraph, on device: Device) -> ExecutablePlan? {
        guard let latest, latest.key.matches(graph, on: device) else { return nil }
        return latest.plan
    }

    mutating func plan(for key: PlanKey) -> ExecutablePlan? {
        leaveLatest()
        clock += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].lastUse = clock
        latest = (key, entries.values[index].plan)
        return entries.values[index].plan
    }

    /// Notes when the latest plan was used last, which its uses in a row did not.
    private mutating func leaveLatest() {
        guard let latest, let index = entries.index(forKey: latest.key) else { return }
        clock += 1
        entries.values[index].lastUse = clock
        self.latest = nil
    }

    mutating func insert(_ plan: ExecutablePlan, for key: PlanKey) {
        if entries.count >= Self.capacity,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            entries[oldest] = nil
        }
        clock += 1
        entries[key] = (plan, clock)
        latest = (key, plan)
    }
}
