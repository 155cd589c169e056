import CZlib

/// Reads gzip data (RFC 1952) piece by piece, and checks its checksums.
///
/// Streams of several members, as `cat a.gz b.gz` makes them, are read as one. zlib data (RFC 1950) is recognised too.
/// Errors appear when the reading comes to them: whoever wants a whole, checked file reads until `read(into:)` returns
/// less than was asked for.
public final class GzipReader: ByteReader {
    /// The first two bytes of every gzip member (RFC 1952, 2.3.1).
    public static let magic: [UInt8] = [0x1f, 0x8b]

    /// The most bytes that one byte of deflate data can expand to (zlib's technical details: 1032 to 1).
    static let largestExpansion = 1032

    /// The file's path or the name of the data, for messages.
    public let path: String

    private let source: (UnsafeMutableRawBufferPointer) throws -> Int
    private let input: UnsafeMutableRawBufferPointer
    /// On the heap, because zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var sourceEnded = false
    private var memberEnded = false
    private var finished = false

    /// Reads the file at `path`.
    ///
    /// - Throws: `DataError` where the file is missing or cannot be read.
    public convenience init(path: String) throws {
        try self.init(file: InputFile(path: path))
    }

    /// Reads compressed `bytes`; messages call them `name`.
    public convenience init(bytes: [UInt8], name: String) throws {
        var position = 0
        try self.init(path: name) { destination in
            let count = min(destination.count, bytes.count - position)
            destination.copyBytes(from: bytes[position..<position + count])
            position += count
            return count
        }
    }

    convenience init(file: InputFile) throws {
        try self.init(path: file.path, source: file.read(into:))
    }

    private init(path: String, source: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        self.path = path
        self.source = source
        // 128 KiB: few calls of the system, and half of a usual second-level cache left for window and output.
        input = .allocate(byteCount: 1 << 17, alignment: 16)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: the largest window, 32 KiB; + 32: gzip or zlib by the header (zlib.h).
        let status = inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw libraryError(status: status) }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills `destination` with decompressed bytes from the front.
    ///
    /// - Returns: the number of bytes written: less than the size of `destination` only at the end of the data, and
    ///   then every checksum was right and nothing follows.
    /// - Throws: `DataError`: `truncated` where the data ends early, `corrupt` where it cannot be decoded or a checksum
    ///   differs, `oversized` where something other than gzip follows it.
    public func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < destination.count && !finished {
            if memberEnded {
                try beginNextMember()
                continue
            }
            if stream.pointee.avail_in == 0 { try refill() }
            // avail_out is a UInt32: larger destinations take several rounds.
            let room = min(destination.count - filled, 1 << 30)
            let start = destination.baseAddress.map { $0 + filled }
            stream.pointee.next_out = start?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            let status = inflate(stream, Z_NO_FLUSH)
            filled += room - Int(stream.pointee.avail_out)
            switch status {
            case Z_OK:
                continue
            case Z_STREAM_END:
                memberEnded = true
            case Z_BUF_ERROR where sourceEnded && stream.pointee.avail_in == 0:
                // No progress without input: all decodable bytes have come out, and the trailer has not been seen.
                throw DataError(
                    path: path, reason: .truncated, problem: "the compressed data ends early",
                    hint: "The file was not copied completely: fetch it again.")
            case Z_BUF_ERROR where stream.pointee.avail_in == 0:
                continue
            case Z_DATA_ERROR, Z_NEED_DICT:
                throw corruptError()
            default:
                throw libraryError(status: status)
            }
        }
        return filled
    }

    /// Decompresses the whole file at `path`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: the most bytes that may come out; a small file can expand to a thousand times its size.
    /// - Throws: `DataError`: as `read(into:)`, and `tooLarge` where more than `limit` bytes would come out.
    public static func decompress(path: String, limit: Int) throws -> [UInt8] {
        try GzipReader(path: path).readAll(limit: limit)
    }

    /// Decompresses `bytes`; messages call them `name`. `limit` and errors as in `decompress(path:limit:)`.
    public static func decompress(_ bytes: [UInt8], name: String, limit: Int) throws -> [UInt8] {
        try GzipReader(bytes: bytes, name: name).readAll(limit: limit)
    }

    private func readAll(limit: Int) throws -> [UInt8] {
        precondition(limit >= 0, "GzipReader: the limit is \(limit) bytes; it must not be negative")
        var result: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = try read(into: piece)
            guard count <= limit - result.count else {
                throw DataError(
                    path: path, reason: .tooLarge, problem: "the data expands to more than \(limit) bytes",
                    hint: "This is not the expected file.")
            }
            result.append(contentsOf: piece[..<count])
            if count < piece.count { return result }
        }
    }

    /// Moves the unread input to the front of the buffer and fills the rest from the source.
    private func refill() throws {
        let unread = Int(stream.pointee.avail_in)
        if unread > 0, let next = stream.pointee.next_in, let start = input.baseAddress {
            start.copyMemory(from: next, byteCount: unread)
        }
        var count = 0
        if !sourceEnded {
            let rest = UnsafeMutableRawBufferPointer(rebasing: input[unread...])
            count = try source(rest)
            sourceEnded = count < rest.count
        }
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(unread + count)
    }

    /// Goes on to the next member, or finishes where nothing follows.
    private func beginNextMember() throws {
        if stream.pointee.avail_in < 2 { try refill() }
        let available = Int(stream.pointee.avail_in)
        guard available > 0, let next = stream.pointee.next_in else {
            finished = true
            return
        }
        guard available >= 2, next[0] == Self.magic[0], next[1] == Self.magic[1] else {
            throw DataError(
                path: path, reason: .oversized, problem: "other bytes follow the compressed data",
                hint: "The file is damaged or was appended to: fetch it again.")
        }
        let status = inflateReset(stream)
        guard status == Z_OK else { throw libraryError(status: status) }
        memberEnded = false
    }

    private func corruptError() -> DataError {
        let detail = stream.pointee.msg.map { String(cString: $0) } ?? "a preset dictionary is needed"
        return DataError(
            path: path, reason: .corrupt, problem: "the compressed data is damaged (\(detail))",
            hint: "Fetch the file again.")
    }

    private func libraryError(status: Int32) -> DataError {
        let detail = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
        return DataError(
            path: path, reason: .notReadable, problem: "zlib cannot decompress (\(detail))",
            hint: "Check that enough memory is free and that zlib is 1.2 or later.")
    }
}
