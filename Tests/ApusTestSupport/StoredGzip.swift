/// Gzip without compression (RFC 1952 around stored blocks of RFC 1951): enough to make readable and damaged files.
public enum StoredGzip {
    /// The bytes as a gzip file.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var file: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var position = 0
        repeat {
            let length = min(bytes.count - position, 0xffff)
            let isLast = position + length == bytes.count
            file.append(isLast ? 1 : 0)
            file += littleEndian(UInt32(length), count: 2) + littleEndian(~UInt32(length), count: 2)
            file += bytes[position..<position + length]
            position += length
        } while position < bytes.count
        return file + littleEndian(checksum(bytes), count: 4) + littleEndian(UInt32(bytes.count), count: 4)
    }

    /// CRC-32 with the polynomial 0xEDB88320 (RFC 1952, 8).
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = ~UInt32(0)
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = checksum & 1 == 1
                checksum >>= 1
                if isOdd { checksum ^= 0xedb8_8320 }
            }
        }
        return ~checksum
    }

    private static func littleEndian(_ number: UInt32, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    }
}
