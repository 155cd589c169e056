/// How often numbers fall into TensorBoard's buckets.
///
/// The limits of the buckets grow by a tenth from ±10⁻¹² to ±10²⁰, with 0 between (PyTorch's `bins="tensorflow"`). A
/// bucket holds a ≤ x < b. Beyond the filled buckets one empty bucket is kept below, so that the lowest one has a left
/// edge.
struct Histogram: Equatable {
    /// The smallest and the largest number.
    let min: Double
    let max: Double
    let count: Int
    let sum: Double
    let sumOfSquares: Double
    /// The upper limits of the buckets, rising.
    let limits: [Double]
    /// How many numbers each bucket holds.
    let buckets: [Double]

    /// The edges of all buckets, rising.
    static let edges: [Double] = {
        var positive: [Double] = []
        var edge = 1e-12
        while edge < 1e20 {
            positive.append(edge)
            edge *= 1.1
        }
        return positive.reversed().map { -$0 } + [0] + positive
    }()

    /// Counts numbers; those that are not finite are left out, and those beyond the outermost edges are in no bucket.
    ///
    /// Nil where no number falls into a bucket.
    init?(of numbers: [Double]) {
        let finite = numbers.filter(\.isFinite)
        var counts = [Double](repeating: 0, count: Self.edges.count - 1)
        for number in finite {
            if let bucket = Self.bucket(of: number) { counts[bucket] += 1 }
        }
        guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }),
            let least = finite.min(), let most = finite.max()
        else { return nil }
        (min, max, count) = (least, most, finite.count)
        sum = finite.reduce(0, +)
        sumOfSquares = finite.reduce(0) { $0 + $1 * $1 }
        limits = Array(Self.edges[first...(last + 1)])
        buckets = [0] + counts[first...last]
    }

    /// The bucket of a number; the last one holds its upper limit too.
    private static func bucket(of number: Double) -> Int? {
        guard number >= edges[0], number <= edges[edges.count - 1] else { return nil }
        // The first edge above the number.
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] > number { high = middle } else { low = middle + 1 }
        }
        return Swift.min(low - 1, edges.count - 2)
    }
}
