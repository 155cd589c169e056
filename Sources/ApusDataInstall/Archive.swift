import ApusData
import CArchive

/// The files of a tar or zip archive, one after the other.
final class Archive {
    private let path: String
    private let handle: OpaquePointer

    /// - Throws: `DataError` where the file is missing or is no archive.
    init(path: String) throws {
        self.path = path
        var message = [CChar](repeating: 0, count: Int(APUS_ARCHIVE_MESSAGE_SIZE))
        guard let handle = apus_archive_open(path, &message) else { throw Self.damaged(path, message) }
        self.handle = handle
    }

    deinit { apus_archive_close(handle) }

    /// Goes on to the next regular file; nil at the end.
    ///
    /// - Throws: `DataError` for damaged data.
    func next() throws -> String? {
        var message = [CChar](repeating: 0, count: Int(APUS_ARCHIVE_MESSAGE_SIZE))
        while true {
            var name: UnsafePointer<CChar>?
            var isFile: Int32 = 0
            switch apus_archive_next(handle, &name, &isFile, &message) {
            case 0: return nil
            case 1:
                if isFile != 0, let name { return String(cString: name) }
            default: throw Self.damaged(path, message)
            }
        }
    }

    /// Reads the next bytes of the file; 0 at its end.
    ///
    /// - Throws: `DataError` for damaged data.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var message = [CChar](repeating: 0, count: Int(APUS_ARCHIVE_MESSAGE_SIZE))
        let count = apus_archive_read(handle, buffer.baseAddress, buffer.count, &message)
        guard count >= 0 else { throw Self.damaged(path, message) }
        return Int(count)
    }

    private static func damaged(_ path: String, _ message: [CChar]) -> DataError {
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return DataError(
            path: path, reason: .corrupt, problem: "the archive cannot be read: \(text)",
            hint:
                "Give a tar or zip archive, plain or compressed by gzip, xz, bzip2 or zstd; fetch it again if it is one."
        )
    }
}
