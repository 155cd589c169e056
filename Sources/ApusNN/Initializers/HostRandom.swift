import ApusGraph
import Foundation

/// Random numbers one at a time, for initialisers that need to look at a number before they draw the next.
struct HostRandom {
    private let generator: Generator
    private var spare: Double?

    init(_ generator: Generator) { self.generator = generator }

    /// Evenly spread over 0 ≤ x < 1, with 53 random bits.
    mutating func uniform() -> Double {
        if let number = spare {
            spare = nil
            return number
        }
        let state = generator.reserve(blocks: 1)
        let bits = Philox(seed: state.seed).block(state.position)
        spare = Philox.unitDouble(bits.z, bits.w)
        return Philox.unitDouble(bits.x, bits.y)
    }

    /// Of the standard normal distribution, by the method of Box and Muller (1958).
    mutating func normal() -> Double {
        // 1 − u is never 0, whose logarithm is infinite.
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }
}
