import ApusTestSupport
import Testing

@testable import ApusData

@Suite("GzipReader")
struct GzipReaderTests {
    /// Sizes around the sizes of the reader's buffers (128 KiB in, 256 KiB a piece out).
    @Test(arguments: [0, 1, 255, 1 << 17, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1_000_000])
    func roundTrip(count: Int) throws {
        let bytes = pattern(count)
        #expect(try GzipReader.decompress(gzipped(bytes), name: "sample", limit: count) == bytes)
    }

    @Test func incompressibleBytesSpanManyInputBuffers() throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try GzipReader.decompress(gzipped(bytes), name: "sample", limit: bytes.count) == bytes)
    }

    @Test func fileAndBytesGiveTheSame() throws {
        let folder = try TemporaryFolder()
        let bytes = pattern(70_000)
        let path = try folder.write(gzipped(bytes), to: "sample.gz")
        #expect(try GzipReader.decompress(path: path, limit: bytes.count) == bytes)
    }

    @Test func zlibDataIsRecognised() throws {
        let bytes = pattern(5_000)
        #expect(try GzipReader.decompress(gzipped(bytes, zlibFormat: true), name: "sample", limit: 5_000) == bytes)
    }

    @Test(arguments: [0, 1, 100, 1 << 17])
    func membersAreReadAsOne(firstCount: Int) throws {
        let first = pattern(firstCount)
        let data = try gzipped(first) + gzipped([]) + gzipped([1, 2, 3])
        #expect(try GzipReader.decompress(data, name: "sample", limit: 1 << 20) == first + [1, 2, 3])
    }

    /// The boundary of the members falls on every position near the end of the first input buffer.
    @Test func memberBoundaryAtTheEndOfTheInputBuffer() throws {
        // Stored blocks keep the size of incompressible data, so the first member's size can be steered.
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<(1 << 17)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let overhead = try gzipped(noise).count - noise.count
        for size in (1 << 17) - overhead - 3...(1 << 17) - overhead + 3 {
            let first = Array(noise.prefix(size))
            let data = try gzipped(first) + gzipped([7])
            #expect(try GzipReader.decompress(data, name: "sample", limit: 1 << 20) == first + [7])
        }
    }

    @Test func readingInSmallPieces() throws {
        let bytes = pattern(1_000)
        let reader = try GzipReader(bytes: gzipped(bytes), name: "sample")
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 7)
        while true {
            let count = try piece.withUnsafeMutableBytes { try reader.read(into: $0) }
            result += piece[..<count]
            if count < piece.count { break }
        }
        #expect(result == bytes)
        #expect(try piece.withUnsafeMutableBytes { try reader.read(into: $0) } == 0)
    }

    @Test func everyTruncationThrows() throws {
        let data = try gzipped(pattern(600))
        for length in 0..<data.count {
            let error = #expect(throws: DataError.self) {
                try GzipReader.decompress(Array(data[..<length]), name: "cut.gz", limit: 600)
            }
            #expect(error?.reason == .truncated, "\(length) of \(data.count) bytes")
            #expect(error?.description.hasPrefix("cut.gz: the compressed data ends early.") == true)
        }
    }

    @Test func noBitFlipChangesTheContent() throws {
        let bytes = pattern(300)
        let data = try gzipped(bytes)
        var refused = 0
        for bit in 0..<data.count * 8 {
            do {
                let result = try GzipReader.decompress(flipping(bit, of: data), name: "flipped", limit: 4_096)
                #expect(result == bytes, "bit \(bit)")
            } catch is DataError {
                refused += 1
            }
        }
        #expect(refused >= data.count * 8 - meaninglessBitCount)
    }

    @Test func wrongChecksumIsNamed() throws {
        var data = try gzipped(pattern(100))
        data[data.count - 8] ^= 1
        let error = #expect(throws: DataError.self) { try GzipReader.decompress(data, name: "bad.gz", limit: 100) }
        #expect(error?.reason == .corrupt)
        #expect(error?.problem.contains("incorrect data check") == true)
    }

    @Test(arguments: [[0], [0, 0, 0, 0], [0x1f], [0x1f, 0x8c], Array("more".utf8)] as [[UInt8]])
    func trailingBytesThrow(garbage: [UInt8]) throws {
        let data = try gzipped(pattern(100)) + garbage
        let error = #expect(throws: DataError.self) { try GzipReader.decompress(data, name: "long.gz", limit: 100) }
        #expect(error?.reason == .oversized)
    }

    @Test func bombIsStoppedAtTheLimit() throws {
        let data = try gzipped([UInt8](repeating: 0, count: 50_000_000))
        #expect(data.count < 60_000)
        let error = #expect(throws: DataError.self) { try GzipReader.decompress(data, name: "bomb", limit: 1_000_000) }
        #expect(error?.reason == .tooLarge)
        #expect(error?.problem.contains("1000000 bytes") == true)
    }

    @Test func plainBytesAreCorrupt() throws {
        let error = #expect(throws: DataError.self) {
            try GzipReader.decompress(Array("<!DOCTYPE html>".utf8), name: "page", limit: 100)
        }
        #expect(error?.reason == .corrupt)
    }

    @Test func missingFileAndFolderAreTold() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: DataError.self) {
            try GzipReader.decompress(path: folder.path + "/absent.gz", limit: 1)
        }
        #expect(missing?.reason == .notFound)
        #expect(missing?.exitCode == 66)
        let notAFile = #expect(throws: DataError.self) { try GzipReader.decompress(path: folder.path, limit: 1) }
        #expect(notAFile?.reason == .notReadable)
        #expect(notAFile?.problem == "is a folder, not a file")
    }
}
