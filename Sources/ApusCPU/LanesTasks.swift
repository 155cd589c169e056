/// The work of a kernel on lanes, split among the threads by groups of sixteen images, and by channels too where there are
/// fewer groups than threads: one with a batch of 16.
///
/// Each result is computed alike, whatever the split.
struct LanesTasks {
    private let groups: Int
    private let channels: Int
    /// Ranges of channels in each group.
    let parts: Int

    init(groups: Int, channels: Int, threads: Int = CPUInfo.threadCount) {
        (self.groups, self.channels) = (groups, channels)
        // Halves read their images once each and fill the registers less. Seven groups on two threads are not worth it:
        // LeNet-5's step at batch 100 took a fifth longer. At least two channels share what they read.
        parts = max(1, min(threads / max(groups, 1), channels / 2))
    }

    /// The tasks: a group, or a part of its channels.
    var count: Int { groups * parts }

    /// The groups and channels of the tasks of `range`, in pieces.
    private func pieces(_ range: Range<Int>, _ body: (_ groups: Range<Int64>, _ channels: Range<Int64>) -> Void) {
        guard parts > 1 else { return body(Int64(range.lowerBound)..<Int64(range.upperBound), 0..<Int64(channels)) }
        for task in range {
            let (group, part) = task.quotientAndRemainder(dividingBy: parts)
            body(Int64(group)..<Int64(group + 1), channels(of: part))
        }
    }

    /// The channels of one part.
    func channels(of part: Int) -> Range<Int64> {
        Int64(channels * part / parts)..<Int64(channels * (part + 1) / parts)
    }

    /// Runs all tasks on the pool.
    func run(_ body: (_ groups: Range<Int64>, _ channels: Range<Int64>) -> Void) {
        Parallel.ranges(count) { range, _ in pieces(range, body) }
    }
}
