import ApusGraph
import ApusTestSupport

extension SeededGenerator {
    /// A shape of the given rank whose sizes are mostly odd.
    mutating func shape(rank: Int, upTo largest: Int = 9) -> Shape {
        Shape((0..<rank).map { _ in pick([1, 2, 3, 5, 7, 9, 11, 13, 17].filter { $0 <= largest }) })
    }
}
