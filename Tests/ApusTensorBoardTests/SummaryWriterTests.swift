import ApusTestSupport
import Foundation
import Testing

@testable import ApusTensorBoard

@Suite struct SummaryWriterTests {
    /// The records of a file, whose framing is checked.
    private func records(_ bytes: [UInt8]) throws -> [Tensorflow_Event] {
        var events: [Tensorflow_Event] = []
        var position = 0
        while position < bytes.count {
            let length = bytes[position..<(position + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            let data = Array(bytes[(position + 12)..<(position + 12 + length)])
            let end = position + 16 + length
            #expect(Array(bytes[position..<end]) == RecordFraming.record(of: data))
            events.append(try Tensorflow_Event(serializedBytes: data))
            position = end
        }
        return events
    }

    @Test func theFirstEventNamesTheFormat() throws {
        let folder = try TemporaryFolder()
        let before = Date().timeIntervalSince1970
        let writer = try SummaryWriter(folder: folder.file("deep/er"))
        let name = try #require(folder.files(in: "deep/er").first)
        #expect(name.wholeMatch(of: /events\.out\.tfevents\.\d{10,}\..+\.\d+\.0/) != nil, "\(name)")
        try writer.addScalar("a", 0.5, step: 9)
        // Before closing: nothing is held back.
        let events = try records(folder.read("deep/er/" + name))
        try #require(events.count == 2)
        #expect(events[0].fileVersion == "brain.Event:2")
        #expect(events[1].step == 9 && events[1].summary.value.map(\.tag) == ["a"])
        #expect(events[1].summary.value[0].simpleValue == 0.5)
        #expect(events.allSatisfy { $0.wallTime >= before })
        try writer.close()
    }

    @Test func writersOfOneMomentHaveFilesOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        let writers = try (0..<3).map { _ in try SummaryWriter(folder: folder.path) }
        #expect(try folder.files().count == 3)
        for writer in writers { try writer.close() }
    }

    @Test func aClosedWriterRefuses() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        try writer.flush()
        try writer.close()
        try writer.close()
        #expect(throws: SummaryWriterError.self) { try writer.addScalar("a", 1, step: 1) }
    }

    @Test func foldersThatCannotBeWritten() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], to: "file")
        #expect(throws: SummaryWriterError.self) { try SummaryWriter(folder: file) }
        #expect(throws: SummaryWriterError.self) { try SummaryWriter(folder: file + "/below") }
        let writer = try SummaryWriter(folder: folder.path)
        #expect(throws: SummaryWriterError.self) { try writer.addScalars("a", ["b/c": 1], step: 1) }
    }

    /// `/dev/full` takes no byte.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "skipped: there is no /dev/full"))
    func aFullDisk() throws {
        var file = EventFile(path: "/dev/full", descriptor: open("/dev/full", O_WRONLY))
        #expect(
            throws: SummaryWriterError(
                path: "/dev/full", problem: "the event cannot be written: \(String(cString: strerror(ENOSPC)))")
        ) { try file.append(.with { $0.step = 1 }) }
        try file.close()
    }
}
