/// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2,
/// 3", SC 2011).
///
/// Four numbers of 32 bits are a function of a key (the seed) and a counter, so that any element of a random tensor
/// can be computed by itself, in any order and on any number of threads.
public struct Philox: Sendable {
    private let key: SIMD2<UInt32>

    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four numbers of a block.
    @inlinable
    public func block(_ counter: UInt64) -> SIMD4<UInt32> { rounds(counter) }

    @usableFromInline
    func rounds(_ counter: UInt64) -> SIMD4<UInt32> {
        var c = SIMD4<UInt32>(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), 0, 0)
        var k = key
        for _ in 0..<10 {
            // The multipliers and the key's increments (golden ratio and √3 − 1) are the paper's.
            let a = UInt64(c.x) &* 0xD251_1F53
            let b = UInt64(c.z) &* 0xCD9E_8D57
            c = SIMD4(
                UInt32(truncatingIfNeeded: b >> 32) ^ c.y ^ k.x, UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ c.w ^ k.y, UInt32(truncatingIfNeeded: a))
            k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }

    /// A number in [0, 1) with 24 random bits, as many as a `Float` holds.
    public static func unitFloat(_ bits: UInt32) -> Float { Float(bits >> 8) * 0x1p-24 }

    /// A number in [0, 1) with 53 random bits.
    public static func unitDouble(_ high: UInt32, _ low: UInt32) -> Double {
        Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
    }
}
