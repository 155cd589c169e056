import Testing

@testable import ApusTensorBoard

@Suite struct RecordFramingTests {
    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Test(arguments: [0, 1, 9, 300])
    func parts(_ count: Int) {
        let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let record = RecordFraming.record(of: data)
        #expect(record.count == 8 + 4 + count + 4)
        #expect(number(record[0..<8]) == UInt64(count))
        #expect(number(record[8..<12]) == UInt64(CRC32C.maskedChecksum(of: record[0..<8])))
        #expect(Array(record[12..<(12 + count)]) == data)
        #expect(number(record.suffix(4)) == UInt64(CRC32C.maskedChecksum(of: data)))
    }
}
