/// How records stand in a file (TFRecord): the length in 8 bytes, its masked checksum in 4, the data, and the data's
/// masked checksum in 4; all numbers begin with their lowest byte.
enum RecordFraming {
    /// A record of `data` as it stands in a file.
    static func record(of data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.maskedChecksum(of: length)) + data
            + littleEndian(CRC32C.maskedChecksum(of: data))
    }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
