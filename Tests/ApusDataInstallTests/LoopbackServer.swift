import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A web server on this machine that serves files, and breaks off where it is told to.
final class LoopbackServer: Sendable {
    /// How it behaves.
    struct Behaviour: Sendable {
        /// The files by their names.
        var files: [String: [UInt8]] = [:]
        /// After how many bytes of a body it closes the connection; nil for never.
        var breaksAfter: Int?
        /// How many connections break; later ones do not.
        var breaks = Int.max
        /// Whether it knows ranges.
        var knowsRanges = true
    }

    let port: UInt16
    private let listener: Int32
    private let behaviour: Behaviour
    private let state = Mutex<(connections: Int, ranges: [String])>((0, []))

    init(_ behaviour: Behaviour) throws {
        self.behaviour = behaviour
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        let thread = Thread { self.serve(listener) }
        thread.start()
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    var address: String { "http://127.0.0.1:\(port)/" }
    /// How many requests came.
    var connections: Int { state.withLock { $0.connections } }
    /// The ranges that were asked for.
    var ranges: [String] { state.withLock { $0.ranges } }

    private func serve(_ listener: Int32) {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            answer(connection)
            shutdown(connection, Int32(SHUT_RDWR))
            close(connection)
        }
        close(listener)
    }

    private func answer(_ connection: Int32) {
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !request.contains("\r\n\r\n") {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            request += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let lines = request.components(separatedBy: "\r\n")
        let name = String(lines[0].split(separator: " ")[1].dropFirst())
        let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }.map { String($0.dropFirst(13)) }
        let number = state.withLock { state in
            state.connections += 1
            if let range { state.ranges.append(range) }
            return state.connections
        }
        guard let file = behaviour.files[name] else {
            return send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", connection)
        }
        var start = 0
        if behaviour.knowsRanges, let range, let first = Int(range.prefix { $0.isNumber }) { start = first }
        let status = start > 0 ? "206 Partial Content" : "200 OK"
        let place = start > 0 ? "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)\r\n" : ""
        send(
            "HTTP/1.1 \(status)\r\nContent-Length: \(file.count - start)\r\n\(place)Connection: close\r\n\r\n",
            connection)
        let isBroken = behaviour.breaksAfter != nil && number <= behaviour.breaks
        let end = isBroken ? min(start + (behaviour.breaksAfter ?? 0), file.count) : file.count
        send(Array(file[start..<end]), connection)
    }

    private func send(_ text: String, _ connection: Int32) { send(Array(text.utf8), connection) }

    private func send(_ bytes: [UInt8], _ connection: Int32) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                systemSend(connection, $0)
            }
            guard count > 0 else { return }
            done += count
        }
    }
}

/// `send(2)` without the signal of a broken connection, under a name that methods of the same name do not hide.
private func systemSend(_ connection: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
}
