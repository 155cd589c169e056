import ApusData
import ApusTestSupport
import Foundation
import Testing

@testable import ApusDataInstall

@Suite(.serialized) struct DatasetInstallerTests {
    private let folder: TemporaryFolder
    private let locator: DatasetLocator

    init() throws {
        folder = try TemporaryFolder()
        locator = DatasetLocator(environment: ["APUS_DATA": folder.file("data")], systemFolder: folder.file("none"))
    }

    /// A small MNIST whose digests are its own.
    private func mnist() -> (source: DatasetSource, files: [String: [UInt8]]) {
        let files = SyntheticIDX(train: 40, test: 10, side: 8).files
        let zipped = Dictionary(uniqueKeysWithValues: files.map { ($0.key + ".gz", StoredGzip.encode($0.value)) })
        let named = zipped.keys.sorted().map { DatasetSource.File($0, md5: digest(zipped[$0] ?? [])) }
        let source = DatasetSource(
            name: "mnist", mirrors: [], files: named, contents: files.keys.sorted(), isArchive: false)
        return (source, zipped)
    }

    private func digest(_ bytes: [UInt8]) -> String {
        var md5 = MD5()
        bytes.withUnsafeBytes { md5.update($0) }
        return md5.digest()
    }

    private func installer(_ source: DatasetSource) -> DatasetInstaller {
        DatasetInstaller(source, locator: locator).trying(3, pause: 0.01)
    }

    /// What is in the folder of data sets, hidden files too.
    private func left() -> [String] { folder.files(in: "data") }

    /// The digests of RFC 1321, A.5, and one longer than a block.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func md5(text: String, expected: String) {
        #expect(digest(Array(text.utf8)) == expected)
        // The same in pieces.
        var md5 = MD5()
        for byte in text.utf8 { [byte].withUnsafeBytes { md5.update($0) } }
        #expect(md5.digest() == expected)
    }

    @Test func downloadsAndChecks() throws {
        let (source, files) = mnist()
        let server = try LoopbackServer(.init(files: files))
        defer { server.stop() }
        let report = try installer(source).install(mirror: server.address)
        #expect(report.folder == folder.file("data/mnist"))
        #expect(left() == ["mnist"] + files.keys.sorted().map { "mnist/" + $0 })
        #expect(try MNIST(.train, locator: locator).count == 40)
        // A second time nothing is fetched.
        let before = server.connections
        #expect(try installer(source).install(mirror: server.address).wasThere)
        #expect(server.connections == before)
    }

    /// Where a connection breaks the next one goes on at that byte.
    @Test func resumesWhereAConnectionBroke() throws {
        let (source, files) = mnist()
        let server = try LoopbackServer(.init(files: files, breaksAfter: 100, breaks: 2))
        defer { server.stop() }
        _ = try installer(source).install(mirror: server.address)
        #expect(try MNIST(.test, locator: locator).count == 10)
        #expect(!server.ranges.isEmpty)
        #expect(server.ranges.allSatisfy { $0.hasSuffix("-") && $0 != "0-" })
    }

    @Test func beginsAnewWhereAServerKnowsNoRanges() throws {
        let (source, files) = mnist()
        let server = try LoopbackServer(.init(files: files, breaksAfter: 100, breaks: 1, knowsRanges: false))
        defer { server.stop() }
        _ = try installer(source).install(mirror: server.address)
        #expect(try MNIST(.test, locator: locator).count == 10)
    }

    @Test func aServerThatBreaksOffLeavesNothing() throws {
        let (source, files) = mnist()
        // No connection brings more than nothing: no attempt gets further.
        let server = try LoopbackServer(.init(files: files, breaksAfter: 0))
        defer { server.stop() }
        let error = #expect(throws: DataError.self) { try installer(source).install(mirror: server.address) }
        #expect(error?.reason == .unreachable)
        #expect(error?.exitCode == 1)
        #expect(left().isEmpty)
        #expect(server.connections == 3)
    }

    @Test func aMissingFileAndNoServerLeaveNothing() throws {
        let (source, _) = mnist()
        let server = try LoopbackServer(.init())
        let error = #expect(throws: DataError.self) { try installer(source).install(mirror: server.address) }
        #expect(error?.problem.contains("404") == true)
        #expect(left().isEmpty)
        server.stop()
        let unreachable = #expect(throws: DataError.self) {
            try installer(source).install(mirror: "http://127.0.0.1:1/")
        }
        #expect(unreachable?.reason == .unreachable)
        #expect(left().isEmpty)
    }

    @Test func aWrongDigestLeavesNothing() throws {
        let (source, sound) = mnist()
        var files = sound
        files["t10k-images-idx3-ubyte.gz"]?[200] ^= 1
        let server = try LoopbackServer(.init(files: files))
        defer { server.stop() }
        let error = #expect(throws: DataError.self) { try installer(source).install(mirror: server.address) }
        #expect(error?.reason == .corrupt)
        #expect(error?.problem.contains("MD5") == true)
        #expect(left().isEmpty)
    }

    /// `/dev/full` takes no byte: the file that is written to leads there.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "skipped: there is no /dev/full"))
    func aFullDiskLeavesNothing() throws {
        let (source, files) = mnist()
        let server = try LoopbackServer(.init(files: files))
        defer { server.stop() }
        try FileManager.default.createDirectory(
            atPath: folder.file("data/.mnist.partial"), withIntermediateDirectories: true)
        let first = try #require(source.files.first?.name)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("data/.mnist.partial/\(first)"), withDestinationPath: "/dev/full")
        let error = #expect(throws: DataError.self) { try installer(source).install(mirror: server.address) }
        #expect(error?.reason == .notWritable)
        #expect(error?.problem.contains("No space left") == true)
        #expect(left().isEmpty)
    }

    /// What a killed run left is the beginning of the next.
    @Test func aKilledRunIsContinued() throws {
        let (source, files) = mnist()
        let server = try LoopbackServer(.init(files: files))
        defer { server.stop() }
        let first = try #require(source.files.first?.name)
        try folder.write(Array(try #require(files[first]).prefix(37)), to: "data/.mnist.partial/\(first)")
        try folder.write([1], to: "data/.mnist.partial/other")
        _ = try installer(source).install(mirror: server.address)
        #expect(server.ranges == ["37-"])
        #expect(left() == ["mnist"] + files.keys.sorted().map { "mnist/" + $0 })
    }

    @Test func twoRunsDoNotMix() throws {
        let staging = try StagingFolder(for: folder.file("data/mnist"))
        let (source, _) = mnist()
        let error = #expect(throws: DataError.self) { try installer(source).install(from: folder.path) }
        #expect(error?.problem.contains("another program") == true)
        #expect(FileManager.default.fileExists(atPath: staging.path))
    }

    @Test func installsFromAFolder() throws {
        let (source, files) = mnist()
        for (name, bytes) in files { try folder.write(bytes, to: "download/inner/\(name)") }
        let report = try installer(source).install(from: folder.file("download"))
        #expect(report.notes.isEmpty)
        #expect(try MNIST(.train, locator: locator).count == 40)
    }

    @Test func anOriginWithoutTheFilesLeavesNothing() throws {
        let (source, _) = mnist()
        try folder.write([1, 2, 3], to: "download/other")
        for origin in [folder.file("download"), folder.file("download/other"), folder.file("nowhere")] {
            #expect(throws: DataError.self) { try installer(source).install(from: origin) }
            #expect(left().isEmpty)
        }
    }

    /// A tar archive by hand: its files are taken out of any folder, and names that lead elsewhere do no harm.
    @Test func unpacksAnArchive() throws {
        let (source, _) = mnist()
        let files = SyntheticIDX(train: 40, test: 10, side: 8).files
        var tar: [UInt8] = []
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) { tar += entry("../../deep/\(name)", bytes) }
        tar += entry("/tmp/apus-evil", [1]) + [UInt8](repeating: 0, count: 1_024)
        for (name, bytes) in [("plain.tar", tar), ("zipped.tar.gz", StoredGzip.encode(tar))] {
            let path = try folder.write(bytes, to: name)
            let report = try installer(source).install(from: path)
            #expect(left() == ["mnist"] + files.keys.sorted().map { "mnist/" + $0 })
            #expect(!FileManager.default.fileExists(atPath: "/tmp/apus-evil"))
            try FileManager.default.removeItem(atPath: report.folder)
        }
        // Cut archives leave nothing.
        for count in [0, 100, 600, tar.count / 2] {
            let path = try folder.write(Array(tar.prefix(count)), to: "cut.tar")
            #expect(throws: DataError.self) { try installer(source).install(from: path) }
            #expect(left().isEmpty)
        }
    }

    /// A header of the format ustar (POSIX.1-1988) and the content in blocks of 512 bytes.
    private func entry(_ name: String, _ content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ place: Int) {
            header.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
        }
        put(name, 0)
        put("0000644", 100)
        put("0000000", 108)
        put("0000000", 116)
        let size = String(content.count, radix: 8)
        put(String(repeating: "0", count: 11 - size.count) + size, 124)
        put("00000000000", 136)
        put("        0", 148)
        put("ustar\u{0}00", 257)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    @Test(
        .enabled(
            if: ProjectFolder.sharedData("cifar10/cifar-10-binary.tar.xz") != nil,
            "skipped: ../shared/data/cifar10 is not there"))
    func cifar10FromItsArchive() throws {
        let path = try #require(ProjectFolder.sharedData("cifar10/cifar-10-binary.tar.xz"))
        let report = try DatasetInstaller(.named("cifar10"), locator: locator).install(from: path)
        #expect(report.notes.count == 1)
        let train = try CIFAR10(.train, locator: locator)
        #expect(train.count == 50_000)
        let counts = train.labels.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1)] += 1 }
        #expect(counts == [Int](repeating: 5_000, count: 10))
        // The first five labels of the official data_batch_1: frog, truck, truck, deer, automobile.
        #expect(train.labels.prefix(5) == [6, 9, 9, 4, 1])
        #expect(try CIFAR10(.test, locator: locator).count == 10_000)
    }
}
