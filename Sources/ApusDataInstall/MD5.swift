import Foundation

/// The digest MD5 (RFC 1321), which is what the data sets' publishers give: against broken copies, not against forgers.
///
/// Of its own because the packages that have it bring whole libraries of cryptography with them.
public struct MD5: Sendable {
    private var state: (UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// ⌊2³² |sin i|⌋ for i in 1 ... 64 (RFC 1321, 3.4).
    private static let constants = (1...64).map { UInt32(4_294_967_296 * abs(sin(Double($0)))) }
    private static let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

    public init() {}

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let part = rest.prefix(64 - pending.count)
            pending += part
            rest = rest.dropFirst(part.count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { block in process(block) }
            pending = []
        }
        while rest.count >= 64 {
            process(UnsafeRawBufferPointer(rebasing: rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        pending = Array(rest)
    }

    /// The digest of all bytes, 32 digits.
    public func digest() -> String {
        var last = self
        let bits = length &* 8
        let zeros = (119 - Int(length % 64)) % 64
        let padding =
            [0x80] + [UInt8](repeating: 0, count: zeros) + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        padding.withUnsafeBytes { last.update($0) }
        return [last.state.0, last.state.1, last.state.2, last.state.3].map { word in
            (0..<4).map { String(format: "%02x", UInt8(truncatingIfNeeded: word >> (8 * UInt32($0)))) }.joined()
        }.joined()
    }

    /// The digest of a file.
    ///
    /// - Throws: where the file cannot be read.
    public static func digest(ofFile path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var md5 = MD5()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { piece.withUnsafeBytes { md5.update($0) } }
        return md5.digest()
    }

    private mutating func process(_ block: UnsafeRawBufferPointer) {
        var (a, b, c, d) = state
        for step in 0..<64 {
            let mixed: UInt32
            let word: Int
            switch step >> 4 {
            case 0: (mixed, word) = ((b & c) | (~b & d), step)
            case 1: (mixed, word) = ((d & b) | (~d & c), (5 &* step &+ 1) & 15)
            case 2: (mixed, word) = (b ^ c ^ d, (3 &* step &+ 5) & 15)
            default: (mixed, word) = (c ^ (b | ~d), (7 &* step) & 15)
            }
            let value = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: word &* 4, as: UInt32.self))
            let sum = a &+ mixed &+ Self.constants[step] &+ value
            let shift = Self.shifts[(step >> 4) &* 4 &+ (step & 3)]
            (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
        }
        state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d)
    }
}
