#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Bytes that are read from front to back.
protocol ByteReader: AnyObject {
    /// The file's path, for messages.
    var path: String { get }

    /// Fills `destination` from the front, and returns the number of bytes written: less than its size only at the end.
    func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A regular file that is open for reading.
final class InputFile: ByteReader {
    let path: String
    /// The size of the file in bytes when it was opened.
    let size: Int
    private let descriptor: Int32

    /// Opens the file at `path`.
    ///
    /// - Throws: `DataError` (`notFound`, `notReadable`), also where `path` is a folder or a device.
    init(path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.openError(path: path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.openError(path: path, code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let what = status.st_mode & S_IFMT == S_IFDIR ? "is a folder, not a file" : "is not a regular file"
            throw DataError(path: path, reason: .notReadable, problem: what, hint: "Give the path of a file.")
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    func read(into destination: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < destination.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: destination[filled...])
            let count = systemRead(descriptor, rest.baseAddress, rest.count)
            if count == 0 { break }
            if count > 0 {
                filled += count
            } else if errno != EINTR {
                throw readError(code: errno)
            }
        }
        return filled
    }

    /// All bytes of the file at `path`.
    ///
    /// - Throws: `DataError` as `init`, and where the system cannot read it.
    static func readAll(path: String) throws -> [UInt8] {
        let file = try InputFile(path: path)
        return try [UInt8](unsafeUninitializedCapacity: file.size) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// The first bytes of the file, at most `count`; does not move the position that `read(into:)` reads from.
    func first(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard found >= 0 else { throw readError(code: errno) }
        return Array(bytes.prefix(found))
    }

    /// Whether the file's first bytes are `prefix`; does not move the position that `read(into:)` reads from.
    func starts(with prefix: [UInt8]) throws -> Bool {
        try first(prefix.count) == prefix
    }

    private static func openError(path: String, code: Int32) -> DataError {
        if code == ENOENT || code == ENOTDIR {
            return DataError(path: path, reason: .notFound, problem: "no such file", hint: "Check the path.")
        }
        let message = String(cString: strerror(code))
        return DataError(
            path: path, reason: .notReadable, problem: "the file cannot be opened: \(message)",
            hint: "Check the permissions of the file and of its folder.")
    }

    private func readError(code: Int32) -> DataError {
        DataError(
            path: path, reason: .notReadable, problem: "the file cannot be read: \(String(cString: strerror(code)))",
            hint: "Check the disk or the network share that it lies on.")
    }
}

/// `read(2)`, under a name that the method of the same name does not hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
