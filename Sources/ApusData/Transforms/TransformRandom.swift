import ApusGraph
import Foundation

/// The random numbers of one image in one epoch: Philox, keyed by seed and epoch, counted by the image's position.
public struct TransformRandom: Sendable {
    /// The numbers of all images of an epoch.
    struct Epoch: Sendable {
        private let philox: Philox

        init(seed: UInt64, epoch: Int) {
            // A block of the seed's stream is the epoch's key, so that no two pairs of seed and epoch share numbers;
            // the constant ("augment" in ASCII) keeps the stream apart from those of weights and orders.
            let block = Philox(seed: seed ^ 0x0061_7567_6D65_6E74).block(UInt64(bitPattern: Int64(epoch)))
            philox = Philox(seed: UInt64(block.x) << 32 | UInt64(block.y))
        }

        /// The numbers of the image at `position`; `occurrence` counts its earlier appearances in the epoch.
        func numbers(position: Int, occurrence: Int = 0) -> TransformRandom {
            TransformRandom(philox: philox, position: position, occurrence: occurrence)
        }
    }

    private let philox: Philox
    private var counter: UInt64
    private var block = SIMD4<UInt32>(repeating: 0)
    private var used = 4

    /// Counters of 64 bits: 36 for the position, 8 for occurrences, 20 for the blocks of one image (two million draws).
    private init(philox: Philox, position: Int, occurrence: Int) {
        self.philox = philox
        counter = UInt64(truncatingIfNeeded: position) << 28 | UInt64(occurrence & 0xFF) << 20
    }

    /// The numbers of the image at `position` of a data set in an epoch.
    public init(seed: UInt64, epoch: Int = 0, position: Int = 0) {
        self = Epoch(seed: seed, epoch: epoch).numbers(position: position)
    }

    /// Numbers of a stream of their own, for orders.
    init(generator: Generator) {
        let start = generator.reserve(blocks: 1)
        self.init(
            philox: Philox(seed: start.seed ^ 0x6F72_6465_72), position: Int(truncatingIfNeeded: start.position),
            occurrence: 0)
    }

    /// 32 random bits.
    public mutating func bits() -> UInt32 {
        if used == 4 {
            block = philox.block(counter)
            counter += 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    /// A number in [0, 1).
    public mutating func unit() -> Double {
        let high = bits()
        return Philox.unitDouble(high, bits())
    }

    /// A number in [low, high).
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    /// A whole number in 0 ..< bound; `bound` is at least 1.
    public mutating func below(_ bound: Int) -> Int {
        let random = UInt64(bits()) << 32 | UInt64(bits())
        // The high half of random · bound: the bias is below bound · 2⁻⁶⁴.
        return Int(random.multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True with the probability `p`.
    public mutating func chance(_ p: Double) -> Bool { unit() < p }

    /// A number of the normal distribution with mean 0 and deviation 1 (Box and Muller, 1958).
    public mutating func normal() -> Double {
        // 1 - unit() is in (0, 1], whose logarithm is finite.
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// A random order of 0 ..< count (Fisher–Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for position in stride(from: count - 1, to: 0, by: -1) { order.swapAt(position, below(position + 1)) }
        return order
    }

    /// A number of the beta distribution with both parameters `alpha`, by two gamma numbers.
    public mutating func beta(_ alpha: Double) -> Double {
        let (x, y) = (gamma(alpha), gamma(alpha))
        // Both are 0 only for tiny parameters, whose distribution stands on 0 and 1.
        return x + y > 0 ? x / (x + y) : (chance(0.5) ? 1 : 0)
    }

    /// A number of the gamma distribution with scale 1 (Marsaglia and Tsang: "A simple method for generating gamma
    /// variables", ACM TOMS 26, 2000).
    private mutating func gamma(_ shape: Double) -> Double {
        // Below 1 by the next larger parameter (their section 6).
        if shape < 1 { return gamma(shape + 1) * pow(1 - unit(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = pow(1 + c * x, 3)
            guard v > 0 else { continue }
            if log(1 - unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
