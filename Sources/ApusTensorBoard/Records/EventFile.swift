import Foundation
import SwiftProtobuf

/// A file of events, `events.out.tfevents.SECONDS.HOST.PID.N`, that grows by whole records.
///
/// Each event is handed to the system at once, so that a reader sees it, and nothing is lost when the program dies.
struct EventFile: Sendable {
    /// Where the file lies.
    let path: String
    private let descriptor: Int32
    /// How long the file is: the end of the last whole record.
    private var length: Int64 = 0

    /// Makes a new file in `folder`, which is made where it is missing, and writes the event that names the format.
    ///
    /// - Throws: ``SummaryWriterError``.
    init(folder: String) throws(SummaryWriterError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw SummaryWriterError(path: folder, problem: "the folder cannot be made: \(error.localizedDescription)")
        }
        let seconds = Int(Date().timeIntervalSince1970)
        let start = "\(folder)/events.out.tfevents.\(seconds).\(ProcessInfo.processInfo.hostName).\(getpid())."
        // Files of one process and second are told apart by the last number.
        var number = 0
        var opened = open(start + "0", Self.creating, 0o666)
        while opened < 0 {
            guard errno == EEXIST else { throw .system(errno, start + String(number), "the file cannot be made") }
            number += 1
            opened = open(start + String(number), Self.creating, 0o666)
        }
        self.init(path: start + String(number), descriptor: opened)
        do throws(SummaryWriterError) {
            // The version by which readers know that events of a later start replace those from its step on.
            try append(.with { $0.fileVersion = "brain.Event:2" })
        } catch {
            Foundation.close(descriptor)
            unlink(path)
            throw error
        }
    }

    private static let creating = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC

    /// An empty file that is open already.
    init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

    /// Appends an event, with the time of now.
    ///
    /// - Throws: ``SummaryWriterError``, on a full disk for example; the file then ends with the event before.
    mutating func append(_ event: Tensorflow_Event) throws(SummaryWriterError) {
        var event = event
        event.wallTime = Date().timeIntervalSince1970
        let data: [UInt8]
        do {
            data = try event.serializedBytes()
        } catch {
            throw SummaryWriterError(path: path, problem: "the event cannot be encoded: \(error)")
        }
        let record = RecordFraming.record(of: data)
        var done = 0
        while done < record.count {
            let count = record.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                let code = errno
                // A reader stops at a torn record and would never see what follows it.
                if ftruncate(descriptor, off_t(length)) == 0 { lseek(descriptor, off_t(length), SEEK_SET) }
                throw .system(code, path, "the event cannot be written")
            }
        }
        length += Int64(record.count)
    }

    /// Waits until all events are on the disk.
    ///
    /// - Throws: ``SummaryWriterError``.
    func synchronize() throws(SummaryWriterError) {
        guard fsync(descriptor) == 0 else { throw .system(errno, path, "the events cannot be stored") }
    }

    /// Lets go of the file.
    ///
    /// - Throws: ``SummaryWriterError``: some network file systems report a full disk only here.
    func close() throws(SummaryWriterError) {
        guard Foundation.close(descriptor) == 0 else { throw .system(errno, path, "the events cannot be stored") }
    }
}
