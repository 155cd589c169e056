#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Replaces a file as a whole: whoever opens it sees the old content or the new one, also after a crash or power cut.
///
/// The new content goes to a hidden file in the same folder, is forced to the disk, and renamed over the old file; then
/// the folder is forced to the disk. An error removes the hidden file and leaves the old one as it was.
public enum AtomicFile {
    /// Why a file could not be written.
    public struct WriteError: Error, Equatable, Sendable, CustomStringConvertible {
        /// The file to write.
        public let path: String
        /// What is wrong: a clause without a full stop.
        public let problem: String

        public var description: String { "\(path): \(problem)." }
    }

    /// The new content while it is written.
    public struct Output: ~Copyable {
        fileprivate let path: String
        fileprivate let descriptor: Int32

        /// Appends `bytes`.
        ///
        /// - Throws: `WriteError`.
        public func write(_ bytes: [UInt8]) throws {
            try bytes.withUnsafeBytes { try write($0) }
        }

        /// Appends `bytes`.
        ///
        /// - Throws: `WriteError`.
        public func write(_ bytes: UnsafeRawBufferPointer) throws {
            var done = 0
            while done < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                let count = systemWrite(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    throw failure(errno, path, "the content cannot be written")
                }
            }
        }
    }

    /// Writes the file at `path` with what `body` writes; a symbolic link is followed.
    ///
    /// - Throws: `WriteError`, also where `path` is a folder or a device; and what `body` throws. In both cases the
    ///   file is as it was before. One exception: where only forcing the folder to the disk failed, the new file is in
    ///   place.
    public static func write(to path: String, _ body: (borrowing Output) throws -> Void) throws {
        let target = try resolve(path)
        let folder = parent(of: target)
        // A short name: the target's own may be as long as the file system allows.
        let temporary = "\(folder)/.apus-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 16)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(errno, path, "no file can be made in \(folder)") }
        do {
            do {
                try body(Output(path: path, descriptor: descriptor))
                guard fsync(descriptor) == 0 else { throw failure(errno, path, "the content cannot be stored") }
            } catch {
                close(descriptor)
                throw error
            }
            // Some network file systems report a full disk only here.
            guard close(descriptor) == 0 else { throw failure(errno, path, "the content cannot be stored") }
            guard rename(temporary, target) == 0 else { throw failure(errno, path, "the file cannot be replaced") }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronize(folder: folder, path: path)
    }

    /// The file that `path` leads to. Refuses what is not a regular file: renaming would replace a device by a file.
    private static func resolve(_ path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return path }
            throw failure(errno, path, "the file cannot be written")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let what = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file"
            throw WriteError(path: path, problem: "the file cannot be written: there is \(what) of this name")
        }
        guard let resolved = realpath(path, nil) else { throw failure(errno, path, "the file cannot be written") }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func synchronize(folder: String, path: String) throws {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        // A folder that may be written but not read cannot be forced to the disk; the file is in place.
        guard descriptor >= 0 else {
            if errno == EACCES { return }
            throw failure(errno, path, "the folder \(folder) cannot be opened")
        }
        defer { close(descriptor) }
        // EINVAL: the file system has no such operation for folders (fsync(2)).
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw failure(errno, path, "the folder \(folder) cannot be stored")
        }
    }
}

/// `code` comes first, so that `errno` is read before the making of `what` can change it.
private func failure(_ code: Int32, _ path: String, _ what: String) -> AtomicFile.WriteError {
    AtomicFile.WriteError(path: path, problem: "\(what): \(String(cString: strerror(code)))")
}

/// `write(2)`, under a name that the methods of the same name do not hide.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
