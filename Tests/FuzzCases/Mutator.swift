import ApusTestSupport

/// Damages files at random, the same way for the same seed.
public struct Mutator {
    private var random: SeededGenerator

    public init(seed: Int) { random = SeededGenerator(seed: seed) }

    /// Numbers at which readers like to err, in one to four bytes.
    private static let boundaries: [[UInt8]] = [
        [0], [1], [0x7F], [0x80], [0xFF], [0, 0], [0x7F, 0xFF], [0xFF, 0xFF], [0, 0, 0, 0], [0x7F, 0xFF, 0xFF, 0xFF],
        [0x80, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF],
    ]

    /// A damaged copy: one to eight changes.
    public mutating func mutate(_ file: [UInt8], other: [UInt8]) -> [UInt8] {
        var bytes = file
        for _ in 0..<random.int(1...8) { change(&bytes, other) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = Array(other.prefix(random.int(0...64)))
            return
        }
        // Headers decide most: half of the changes fall into the first 64 bytes.
        let most = random.chance(0.5) ? min(bytes.count, 64) : bytes.count
        let place = random.int(0...(most - 1))
        switch random.int(0...8) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.int(0...7))
        case 2: bytes[place] = UInt8(random.int(0...255))
        case 3, 4:
            let value = random.pick(Self.boundaries)
            bytes.replaceSubrange(place..<min(place + value.count, bytes.count), with: value)
        case 5: bytes.removeSubrange(place..<min(place + random.int(1...64), bytes.count))
        case 6: bytes.removeSubrange(place...)
        case 7:
            let end = min(place + random.int(1...64), bytes.count)
            bytes.insert(contentsOf: bytes[place..<end], at: random.int(0...bytes.count))
        default:
            guard !other.isEmpty else { return }
            let start = random.int(0...(other.count - 1))
            let part = other[start..<min(start + random.int(1...128), other.count)]
            bytes.replaceSubrange(place..<min(place + part.count, bytes.count), with: part)
        }
    }
}
