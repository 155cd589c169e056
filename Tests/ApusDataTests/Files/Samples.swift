import CZlib
import Testing

/// Compresses `bytes` to one gzip member, or to zlib data.
func gzipped(_ bytes: [UInt8], zlibFormat: Bool = false) throws -> [UInt8] {
    var stream = z_stream()
    let status = deflateInit2_(
        &stream, 9, Z_DEFLATED, zlibFormat ? 15 : 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    try #require(status == Z_OK)
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))))
    let capacity = output.count
    let (end, left) = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            return (deflate(&stream, Z_FINISH), Int(stream.avail_out))
        }
    }
    try #require(end == Z_STREAM_END)
    return Array(output[..<(capacity - left)])
}

/// An IDX file of `bytes`; `type` and `rank` replace what its magic number says.
func idx(_ dimensions: [UInt32], _ bytes: [UInt8], type: UInt8 = 8, rank: UInt8? = nil) -> [UInt8] {
    var file: [UInt8] = [0, 0, type, rank ?? UInt8(dimensions.count)]
    for size in dimensions { withUnsafeBytes(of: size.bigEndian) { file.append(contentsOf: $0) } }
    return file + bytes
}

/// The most bits of a gzip member that mean nothing for its content: the 48 of MTIME, XFL and OS, the bit FTEXT
/// (RFC 1952, 2.3), and up to 7 between the end of the deflate data and the trailer.
let meaninglessBitCount = 56

/// `count` bytes that repeat only after 251 positions.
func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8($0 % 251) }
}

/// The bytes with bit `bit` (0 is the lowest of the first byte) inverted.
func flipping(_ bit: Int, of bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    result[bit / 8] ^= 1 << UInt8(bit % 8)
    return result
}
