import Testing

@testable import ApusTensorBoard

@Suite struct CRC32CTests {
    /// The examples of RFC 3720, B.4: 32 zeros, 32 ones, 32 rising, 32 falling bytes, and an iSCSI command.
    @Test(arguments: examples)
    func example(_ bytes: [UInt8], _ checksum: UInt32) {
        #expect(CRC32C.checksum(of: bytes) == checksum)
    }

    private static let examples: [([UInt8], UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
        (
            [
                0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0,
                0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
            ], 0xD996_3A56
        ),
    ]

    /// The check value of the catalogue of CRCs (CRC-32/ISCSI), and the checksum of nothing.
    @Test func checkValue() {
        #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(of: []) == 0)
    }

    /// Rotating 0xE3069283 right by 15 bits gives 0x2507C60D; with 0xA282EAD8 added, 0xC78AB0E5.
    @Test func mask() {
        #expect(CRC32C.maskedChecksum(of: Array("123456789".utf8)) == 0xC78A_B0E5)
        #expect(CRC32C.maskedChecksum(of: []) == 0xA282_EAD8)
    }
}
