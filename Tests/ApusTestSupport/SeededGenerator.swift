/// Random numbers that repeat for the same seed: SplitMix64 (Steele, Lea & Flood 2014).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A whole number, each of the range equally likely.
    public mutating func int(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

    /// A number between `low` and `high`, both included.
    public mutating func real(_ low: Double, _ high: Double) -> Double { .random(in: low...high, using: &self) }

    /// True with the probability, 0 ... 1.
    public mutating func chance(_ probability: Double) -> Bool { .random(in: 0..<1, using: &self) < probability }

    /// One of the choices, of which there must be one at least.
    public mutating func pick<Element>(_ choices: [Element]) -> Element { choices[int(0...(choices.count - 1))] }
}
