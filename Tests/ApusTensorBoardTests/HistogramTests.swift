import Testing

@testable import ApusTensorBoard

@Suite struct HistogramTests {
    /// 10⁻¹² · 1.1ⁿ stays below 10²⁰ for n = 0 … 773: 32 · ln 10 / ln 1.1 = 773.07.
    @Test func edges() {
        let edges = Histogram.edges
        #expect(edges.count == 2 * 774 + 1)
        #expect(edges[774] == 0 && edges[775] == 1e-12 && edges[773] == -1e-12)
        #expect(zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func countsAndLimits() throws {
        let histogram = try #require(Histogram(of: [0, 0, 1e-12, -0.5, .nan, .infinity]))
        #expect((histogram.min, histogram.max, histogram.count) == (-0.5, 1e-12, 4))
        #expect(abs(histogram.sum - (-0.5 + 1e-12)) < 1e-15)
        #expect(abs(histogram.sumOfSquares - 0.25) < 1e-15)
        #expect(histogram.limits.count == histogram.buckets.count)
        #expect(histogram.buckets.reduce(0, +) == 4)
        #expect(histogram.buckets.first == 0)
        // The bucket of the largest number is the last; below it those of the zeros.
        #expect(histogram.buckets.suffix(2) == [2, 1])
        #expect(histogram.limits.suffix(2) == [1e-12, 1e-12 * 1.1])
        // −0.5 lies between the first limit and the second.
        #expect(histogram.limits[0] <= -0.5 && -0.5 < histogram.limits[1] && histogram.buckets[1] == 1)
    }

    @Test func outermostNumbers() throws {
        let last = try #require(Histogram.edges.last)
        let histogram = try #require(Histogram(of: [last, -last, 2 * last]))
        #expect(histogram.buckets.reduce(0, +) == 2)
        #expect(histogram.limits.last == last)
        #expect(histogram.max == 2 * last)
        #expect(Histogram(of: []) == nil && Histogram(of: [.nan, .infinity]) == nil)
    }
}
