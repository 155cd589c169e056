import ApusData
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A hidden folder beside the one that it will become: `.NAME.partial`.
///
/// Other programs see the data set whole or not at all: renaming a folder is one step. An error removes the folder; only
/// where the program is killed does it stay, and the next run goes on with what is in it.
final class StagingFolder {
    /// The folder to fill.
    let path: String
    private let destination: String
    private let lock: Int32
    private var isFinished = false

    /// - Throws: `DataError` where the folder cannot be made, or another program is filling it.
    init(for destination: String) throws {
        self.destination = destination
        let url = URL(fileURLWithPath: destination)
        let parent = url.deletingLastPathComponent()
        path = parent.appendingPathComponent(".\(url.lastPathComponent).partial").path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Self.failure(path, "the folder cannot be made", error.localizedDescription)
        }
        lock = open(path, O_RDONLY | O_CLOEXEC)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            isFinished = true
            throw Self.failure(path, "another program is filling it", "wait until that has ended")
        }
    }

    deinit {
        discard()
        if lock >= 0 { close(lock) }
    }

    /// Removes the folder with all that is in it, unless it has appeared.
    func discard() {
        if !isFinished { try? FileManager.default.removeItem(atPath: path) }
        isFinished = true
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// Removes what does not belong to the data set, and lets the folder appear.
    ///
    /// - Throws: `DataError` where the system refuses.
    func finish(keeping names: Set<String>) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where !names.contains(name) {
            try FileManager.default.removeItem(atPath: file(name))
        }
        guard fsync(lock) == 0, rename(path, destination) == 0 else {
            throw Self.failure(destination, "the folder cannot be put in its place", String(cString: strerror(errno)))
        }
        isFinished = true
    }

    /// Writes a file of what `next` gives, until that is empty.
    ///
    /// - Throws: `DataError` where the disk is full or refuses, and what `next` throws.
    func write(_ name: String, limit: Int, from next: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw writeFailure(name) }
        defer { close(descriptor) }
        // 256 KiB: few calls of the system.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = try next(buffer)
            if count == 0 { break }
            total += count
            guard total <= limit else {
                throw DataError(
                    path: name, reason: .tooLarge, problem: "the file has more than \(limit) bytes",
                    hint: "This is not the expected data set.")
            }
            try append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: descriptor, name)
        }
        guard fsync(descriptor) == 0 else { throw writeFailure(name) }
    }

    /// Appends bytes to an open file of the folder.
    func append(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ name: String) throws {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = systemWrite(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw writeFailure(name)
            }
        }
    }

    private func writeFailure(_ name: String) -> DataError {
        Self.failure(file(name), "the file cannot be written", String(cString: strerror(errno)))
    }

    private static func failure(_ path: String, _ problem: String, _ reason: String) -> DataError {
        DataError(
            path: path, reason: .notWritable, problem: "\(problem) (\(reason))",
            hint: "Check the disk's free space and the permissions, or set APUS_DATA to another folder.")
    }
}

/// `write(2)`, under a name that methods of the same name do not hide.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
