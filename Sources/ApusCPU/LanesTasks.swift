import ApusPlan
import CKernels

/// The work of a kernel on lanes, split evenly among the threads: parts of equally many units, rows of a group of sixteen
/// images or channels of a chunk of groups, which are numbered through all parts.
///
/// Each unit is computed alike, whatever the split.
struct LanesTasks {
    private let units: Int
    /// The vectors of a unit, for each part, and of all units before the part; the last is the whole work.
    private let costs: [Int]
    private var starts: [Int]
    /// The least work that is worth a thread, in vectors.
    private let grain: Int

    /// - Parameters:
    ///   - costs: the vectors of a unit, for each part.
    ///   - units: the units of each part.
    ///   - vectorWork: what is computed for a vector of a unit, in multiplications.
    init(costs: [Int], units: Int, vectorWork: Int) {
        (self.costs, self.units) = (costs, units)
        starts = [0]
        for cost in costs { starts.append((starts.last ?? 0) + cost * units) }
        grain = max(1, Parallel.smallWork / max(1, vectorWork))
    }

    /// The number of the first unit before which `work` vectors lie.
    private func unit(at work: Int) -> Int {
        let part = (starts.firstIndex { $0 > work } ?? starts.count) - 1
        return part == costs.count ? part * units : part * units + (work - starts[part]) / costs[part]
    }

    /// Runs ranges of units on the pool.
    func run(_ body: (Range<Int>) -> Void) {
        Parallel.ranges(starts.last ?? 0, grain: grain) { work, _ in
            let range = unit(at: work.lowerBound)..<unit(at: work.upperBound)
            if !range.isEmpty { body(range) }
        }
    }

    /// Runs ranges of units of one part each on the pool.
    func runParts(_ body: (_ part: Int, _ units: Range<Int>) -> Void) {
        run { range in
            for part in (range.lowerBound / units)...((range.upperBound - 1) / units) {
                let own = range.clamped(to: part * units..<(part + 1) * units)
                body(part, own.lowerBound - part * units..<own.upperBound - part * units)
            }
        }
    }
}

extension LanesTasks {
    /// The rows of a result of `rows` in all groups of `images`, of which each image takes `rowWork` multiplications.
    init(images: Int, rows: Int, rowWork: Int) {
        let width = Int(apus_kernels_vector_width())
        self.init(costs: LanesKind.vectors(images: images), units: rows, vectorWork: rowWork * width)
    }
}
