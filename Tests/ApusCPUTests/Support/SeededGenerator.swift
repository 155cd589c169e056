import ApusGraph

/// Random numbers that repeat for the same seed: SplitMix64 (Steele, Lea & Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

    mutating func chance(_ probability: Double) -> Bool { .random(in: 0..<1, using: &self) < probability }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[int(0...(choices.count - 1))] }

    /// A shape of the given rank whose sizes are mostly odd.
    mutating func shape(rank: Int, upTo largest: Int = 9) -> Shape {
        Shape((0..<rank).map { _ in pick([1, 2, 3, 5, 7, 9, 11, 13, 17].filter { $0 <= largest }) })
    }
}
