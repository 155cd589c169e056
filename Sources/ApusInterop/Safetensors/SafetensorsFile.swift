#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

#if _endian(big)
    #error("safetensors data is little-endian; this code hands it out as it is")
#endif

/// A safetensors file in memory, checked as a whole when it is read.
///
/// The file is read, not mapped: a mapped file that somebody truncates later kills the process with SIGBUS.
public struct SafetensorsFile: Sendable {
    /// The file's path, or the name that was given to the bytes.
    public let path: String
    /// The tensors and the metadata.
    public let header: SafetensorsHeader

    private let bytes: [UInt8]
    private let dataStart: Int
    private let indices: [String: Int]

    /// Reads the file at `path`.
    ///
    /// - Throws: `SafetensorsError`: `notFound`, `notReadable`; `truncated` and `oversized` where the length is not
    ///   that of header and tensors; `headerLength`; the errors of `SafetensorsHeader.init(json:path:)`; `invalidBool`.
    public init(path: String) throws {
        try self.init(bytes: Self.read(path: path), name: path)
    }

    /// Reads a file from its `bytes`; messages call it `name`. Errors as in `init(path:)`.
    public init(bytes: [UInt8], name: String) throws {
        let headerLength = try Self.headerLength(bytes, path: name)
        dataStart = 8 + headerLength
        header = try bytes.withUnsafeBytes {
            try SafetensorsHeader(json: UnsafeRawBufferPointer(rebasing: $0[8..<8 + headerLength]), path: name)
        }
        let present = bytes.count - dataStart
        guard present == header.dataByteCount else {
            throw SafetensorsError(
                path: name, reason: present < header.dataByteCount ? .truncated : .oversized,
                problem: "\(present) bytes of data follow the header, which announces \(header.dataByteCount)")
        }
        self.path = name
        self.bytes = bytes
        var indices: [String: Int] = [:]
        for (index, entry) in header.entries.enumerated() { indices[entry.name] = index }
        self.indices = indices
        for entry in header.entries where entry.dtype == .bool {
            // Swift's Bool must be 0 or 1: any other byte is undefined behaviour.
            guard withUnsafeBytes(of: entry, { $0.allSatisfy { $0 <= 1 } }) else {
                throw SafetensorsError(
                    path: name, reason: .invalidBool, problem: "tensor \"\(entry.name)\" (BOOL) has bytes over 1")
            }
        }
    }

    /// The tensors in the order of their data.
    public var entries: [SafetensorsHeader.Entry] { header.entries }

    /// The metadata, empty where there is none.
    public var metadata: [String: String] { header.metadata }

    /// The entry of the tensor `name`, or nil where there is none.
    public func entry(_ name: String) -> SafetensorsHeader.Entry? {
        indices[name].map { header.entries[$0] }
    }

    /// Calls `body` with the bytes of the tensor of `entry`, an entry of this file; they are valid only during the
    /// call.
    ///
    /// They are aligned to the element size if the writer padded the header and sorted the tensors, as most do, but the
    /// format does not promise it: copy them, or use `loadUnaligned`.
    public func withUnsafeBytes<Result>(
        of entry: SafetensorsHeader.Entry, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        precondition(self.entry(entry.name) == entry, "SafetensorsFile: \"\(entry.name)\" is an entry of another file")
        return try bytes.withUnsafeBytes { buffer in
            let range = (dataStart + entry.range.lowerBound)..<(dataStart + entry.range.upperBound)
            return try body(UnsafeRawBufferPointer(rebasing: buffer[range]))
        }
    }

    /// The elements of the tensor `name` as numbers of the type `Element`, row-major.
    ///
    /// - Throws: `SafetensorsError`: `noSuchTensor`, or `invalidTensor` where the tensor's dtype is not `dtype`.
    /// - Precondition: `Element` has the size of `dtype`.
    public func elements<Element: BitwiseCopyable>(
        of name: String, dtype: SafetensorsDType, as type: Element.Type = Element.self
    ) throws -> [Element] {
        precondition(
            MemoryLayout<Element>.stride == dtype.byteCount, "SafetensorsFile: \(type) is no \(dtype.rawValue)")
        guard let entry = entry(name) else {
            throw SafetensorsError(path: path, reason: .noSuchTensor, problem: "there is no tensor \"\(name)\"")
        }
        guard entry.dtype == dtype else {
            throw SafetensorsError(
                path: path, reason: .invalidTensor,
                problem: "tensor \"\(name)\" is \(entry.dtype.rawValue), not \(dtype.rawValue)")
        }
        return withUnsafeBytes(of: entry) { source in
            let count = source.count / dtype.byteCount
            return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
                filled = count
            }
        }
    }

    /// Reads and bounds the length of the header.
    private static func headerLength(_ bytes: [UInt8], path: String) throws -> Int {
        guard bytes.count >= 8 else {
            throw SafetensorsError(
                path: path, reason: .truncated,
                problem: "the file has \(bytes.count) bytes; the length of the header alone takes 8")
        }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length >= 2, length <= UInt64(SafetensorsHeader.largestByteCount) else {
            throw SafetensorsError(
                path: path, reason: .headerLength,
                problem: "the header's length is \(length) bytes, not in 2...\(SafetensorsHeader.largestByteCount)")
        }
        guard Int(length) <= bytes.count - 8 else {
            throw SafetensorsError(
                path: path, reason: .truncated,
                problem: "the header's length is \(length) bytes, and \(bytes.count - 8) follow")
        }
        return Int(length)
    }

    /// The content of the file at `path`.
    private static func read(path: String) throws -> [UInt8] {
        func failure(_ code: Int32) -> SafetensorsError {
            if code == ENOENT || code == ENOTDIR {
                return SafetensorsError(path: path, reason: .notFound, problem: "no such file")
            }
            let message = String(cString: strerror(code))
            return SafetensorsError(path: path, reason: .notReadable, problem: "the file cannot be read: \(message)")
        }
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SafetensorsError(path: path, reason: .notReadable, problem: "this is no regular file")
        }
        // An allocation that fails would stop the process, and a sparse file can claim any size.
        let memory = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
        guard memory.overflow || Int(status.st_size) <= memory.partialValue else {
            throw SafetensorsError(
                path: path, reason: .notReadable,
                problem: "the file has \(status.st_size) bytes, more than this machine's memory")
        }
        return try [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, filled in
            while filled < buffer.count {
                let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                let count = systemRead(descriptor, rest.baseAddress, rest.count)
                if count == 0 { break }
                if count > 0 {
                    filled += count
                } else if errno != EINTR {
                    throw failure(errno)
                }
            }
        }
    }
}

/// `read(2)`, under a name that the method of the same name does not hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
