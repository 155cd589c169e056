import ApusTestSupport
import Foundation
import Testing

@testable import ApusInterop

@Suite("AtomicFile")
struct AtomicFileTests {
    private struct Interruption: Error {}

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }

    @Test func makesAndReplaces() throws {
        let path = folder.path + "/file"
        try write([1, 2], to: path)
        #expect(try folder.read("file") == [1, 2])
        try AtomicFile.write(to: path) {
            try $0.write([3])
            try $0.write([])
            try $0.write([4, 5])
        }
        #expect(try folder.read("file") == [3, 4, 5])
        #expect(try folder.files() == ["file"])
    }

    @Test func interruptionKeepsTheOldFile() throws {
        let path = try folder.write([1, 2], to: "file")
        #expect(throws: Interruption.self) {
            try AtomicFile.write(to: path) {
                try $0.write([3])
                throw Interruption()
            }
        }
        #expect(try folder.read("file") == [1, 2])
        #expect(try folder.files() == ["file"])
    }

    @Test func readersKeepTheOldContent() throws {
        let path = try folder.write([1, 2], to: "file")
        let reader = try #require(FileHandle(forReadingAtPath: path))
        try write([9], to: path)
        #expect(try reader.readToEnd() == Data([1, 2]))
    }

    @Test func symbolicLinksAreFollowed() throws {
        try folder.write([1], to: "elsewhere/file")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "elsewhere/file")
        try write([2], to: link)
        #expect(try folder.read("elsewhere/file") == [2])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "elsewhere/file")
    }

    @Test func longNamesAreWritten() throws {
        // 255 bytes is the longest name of the common file systems.
        let name = String(repeating: "n", count: 255)
        try write([1], to: folder.path + "/" + name)
        #expect(try folder.read(name) == [1])
    }

    @Test func foldersAndDevicesAreRefused() throws {
        let asFolder = #expect(throws: AtomicFile.WriteError.self) { try write([1], to: folder.path) }
        #expect(asFolder?.problem == "the file cannot be written: there is a folder of this name")
        let asDevice = #expect(throws: AtomicFile.WriteError.self) { try write([1], to: "/dev/null") }
        #expect(asDevice?.problem == "the file cannot be written: there is no regular file of this name")
        #expect(try folder.files() == [])
    }

    @Test func wrongPathsAreTold() throws {
        try folder.write([1], to: "file")
        for path in ["/absent/file", "/file/below", "/" + String(repeating: "n", count: 256)] {
            let error = #expect(throws: AtomicFile.WriteError.self) { try write([1], to: folder.path + path) }
            #expect(error?.path == folder.path + path)
        }
        #expect(try folder.files() == ["file"])
    }
}
