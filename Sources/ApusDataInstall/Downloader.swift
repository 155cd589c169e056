import ApusData
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Downloads a file into a staging folder, and goes on where a connection broke.
struct Downloader: Sendable {
    /// How often a connection is tried in all before the download fails.
    var attempts = 5
    /// The pause before the second attempt, in seconds; it doubles with each.
    var pause = 0.5
    /// The most bytes to accept: ten times the largest file there is.
    var limit = 2 << 30
    /// Told how many bytes are there, and how many there will be where the server says so.
    var progress: @Sendable (_ done: Int, _ total: Int?) -> Void = { _, _ in }

    /// Downloads `url` to the file `name`; what is there already is taken as its beginning.
    ///
    /// - Throws: `DataError`: `unreachable` where all attempts fail, `notWritable` where the disk is full, `tooLarge`.
    func fetch(_ url: URL, to name: String, in folder: StagingFolder) throws {
        var failure = "no attempt was made"
        for attempt in 0..<attempts {
            if attempt > 0 { usleep(UInt32(min(pause * Double(1 << (attempt - 1)), 30) * 1e6)) }
            switch try connect(url, name, folder) {
            case .complete: return
            case .broken(let reason): failure = reason
            case .refused(let reason):
                failure = reason
                throw unreachable(url, failure)
            }
        }
        throw unreachable(url, failure + ", \(attempts) times")
    }

    private func unreachable(_ url: URL, _ failure: String) -> DataError {
        DataError(
            path: url.absoluteString, reason: .unreachable, problem: "the download failed: \(failure)",
            hint: "Check the network, or give the files by hand: apus data get NAME --from ARCHIVE-OR-FOLDER.")
    }

    private enum Outcome {
        case complete
        /// The connection broke: another one may go on.
        case broken(String)
        /// The server does not have it.
        case refused(String)
    }

    private func connect(_ url: URL, _ name: String, _ folder: StagingFolder) throws -> Outcome {
        let descriptor = open(folder.file(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw DataError(
                path: folder.file(name), reason: .notWritable,
                problem: "the file cannot be made (\(String(cString: strerror(errno))))",
                hint: "Check the permissions, or set APUS_DATA to another folder.")
        }
        defer { close(descriptor) }
        let present = Int(lseek(descriptor, 0, SEEK_END))
        var request = URLRequest(url: url, timeoutInterval: 60)
        if present > 0 { request.setValue("bytes=\(present)-", forHTTPHeaderField: "Range") }
        let receiver = Receiver(present: present, limit: limit, progress: progress) { bytes, isNew in
            if isNew { _ = (ftruncate(descriptor, 0), lseek(descriptor, 0, SEEK_SET)) }
            try folder.append(bytes, to: descriptor, name)
        }
        let session = URLSession(configuration: .ephemeral, delegate: receiver, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: request)
        task.resume()
        receiver.done.wait()
        if let error = receiver.writeFailure { throw error }
        guard let status = receiver.status else { return .broken(receiver.failure ?? "no answer") }
        // 416: nothing is left of a file that is whole already.
        if status == 416, present > 0 { return .complete }
        if (400..<500).contains(status) { return .refused("the server answers \(status)") }
        guard status == 200 || status == 206 else { return .broken("the server answers \(status)") }
        if let failure = receiver.failure { return .broken(failure) }
        guard receiver.expected.map({ $0 == receiver.received }) ?? true else {
            return .broken("the connection ended after \(receiver.received) of \(receiver.expected ?? 0) bytes")
        }
        guard fsync(descriptor) == 0 else {
            throw DataError(
                path: folder.file(name), reason: .notWritable,
                problem: "the file cannot be stored (\(String(cString: strerror(errno))))",
                hint: "Check the disk's free space.")
        }
        return .complete
    }
}

/// Takes what a connection brings; the session calls it on a queue of its own, one call at a time.
private final class Receiver: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var status: Int?
        var failure: String?
        var writeFailure: (any Error)?
        var received: Int
        var expected: Int?
        var isNew = false
    }

    let done = DispatchSemaphore(value: 0)
    private let state: Mutex<State>
    private let limit: Int
    private let progress: @Sendable (Int, Int?) -> Void
    private let write: @Sendable (UnsafeRawBufferPointer, Bool) throws -> Void

    init(
        present: Int, limit: Int, progress: @escaping @Sendable (Int, Int?) -> Void,
        write: @escaping (UnsafeRawBufferPointer, Bool) throws -> Void
    ) {
        // The folder and the file are used by nobody else until `done` is signalled.
        nonisolated(unsafe) let write = write
        self.write = { try write($0, $1) }
        (self.limit, self.progress) = (limit, progress)
        state = Mutex(State(received: present))
    }

    var status: Int? { state.withLock { $0.status } }
    var failure: String? { state.withLock { $0.failure } }
    var writeFailure: (any Error)? { state.withLock { $0.writeFailure } }
    var received: Int { state.withLock { $0.received } }
    var expected: Int? { state.withLock { $0.expected } }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        let length = response.expectedContentLength
        state.withLock { state in
            state.status = status
            // A server that does not know ranges begins anew.
            if status == 200 { (state.received, state.isNew) = (0, true) }
            state.expected = length >= 0 ? state.received + Int(length) : nil
        }
        completionHandler(status == 200 || status == 206 ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        do {
            let isNew = state.withLock { state in
                defer { state.isNew = false }
                return state.isNew
            }
            try data.withUnsafeBytes { try write($0, isNew) }
            let (received, expected) = state.withLock { state in
                state.received += data.count
                return (state.received, state.expected)
            }
            guard received <= limit else {
                throw DataError(
                    path: dataTask.originalRequest?.url?.absoluteString ?? "", reason: .tooLarge,
                    problem: "the file has more than \(limit) bytes", hint: "This is not the expected data set.")
            }
            progress(received, expected)
        } catch {
            state.withLock { if $0.writeFailure == nil { $0.writeFailure = error } }
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error { state.withLock { $0.failure = error.localizedDescription } }
        done.signal()
    }
}
