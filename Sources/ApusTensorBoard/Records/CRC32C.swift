/// The checksum CRC-32C, which guards the records of an event file.
///
/// The polynomial is Castagnoli's, 0x1EDC6F41 (Castagnoli, Bräuer & Herrmann 1993), as RFC 3720 uses it (12.1): bits
/// are taken from the lowest up, the register starts with ones, and the result is inverted.
enum CRC32C {
    /// The polynomial with its bits in reverse, since the lowest bit comes first.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// What each byte makes of a register of zeros.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { register, _ in
            register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1
        }
    }

    /// The checksum of some bytes.
    static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        let table = table
        var register = UInt32.max
        for byte in bytes { register = register >> 8 ^ table[Int((register ^ UInt32(byte)) & 0xFF)] }
        return ~register
    }

    /// The checksum as records store it (TFRecord): turned right by 15 bits, plus 0xA282EAD8, so that the checksum of
    /// data that holds checksums tells something.
    static func maskedChecksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        let checksum = checksum(of: bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}
