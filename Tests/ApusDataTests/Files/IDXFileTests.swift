import ApusTestSupport
import Testing

@testable import ApusData

@Suite("IDXFile")
struct IDXFileTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The error of reading `bytes` as a file.
    private func error(_ bytes: [UInt8], dimensionCount: Int? = nil, limit: Int = 1 << 20) throws -> DataError? {
        let path = try folder.write(bytes, to: "sample")
        return #expect(throws: DataError.self) {
            try IDXFile(path: path, dimensionCount: dimensionCount, limit: limit)
        }
    }

    @Test(arguments: [[5], [2, 3], [2, 3, 4], [2, 1, 3, 4], [0, 28, 28]] as [[UInt32]], [false, true])
    func roundTrip(dimensions: [UInt32], compressed: Bool) throws {
        let bytes = pattern(Int(dimensions.reduce(1, *)))
        let content = idx(dimensions, bytes)
        // The name says nothing about the compression.
        let path = try folder.write(compressed ? gzipped(content) : content, to: "sample")
        let file = try IDXFile(path: path, dimensionCount: dimensions.count)
        #expect(file.dimensions == dimensions.map { Int($0) })
        #expect(file.bytes == bytes)
    }

    @Test(arguments: [false, true])
    func everyTruncationThrows(compressed: Bool) throws {
        let content = idx([2, 3, 4], pattern(24))
        let data = compressed ? try gzipped(content) : content
        for length in 0..<data.count {
            #expect(try error(Array(data[..<length]))?.reason == .truncated, "\(length) of \(data.count) bytes")
        }
    }

    /// A plain IDX file has no checksum: flipped pixels cannot be noticed, but no flipped bit of the header passes.
    @Test func everyBitOfTheHeaderCounts() throws {
        let content = idx([2, 3, 4], pattern(24))
        for bit in 0..<16 * 8 {
            let error = try error(flipping(bit, of: content))
            #expect(error?.kind == .damaged, "bit \(bit)")
        }
    }

    @Test func noBitFlipInCompressedDataChangesTheContent() throws {
        let content = idx([2, 3, 4], pattern(24))
        let data = try gzipped(content)
        var refused = 0
        for bit in 0..<data.count * 8 {
            let path = try folder.write(flipping(bit, of: data), to: "sample")
            do {
                #expect(try IDXFile(path: path).bytes == pattern(24))
            } catch is DataError {
                refused += 1
            }
        }
        #expect(refused >= data.count * 8 - meaninglessBitCount)
    }

    @Test func oversizedFilesThrow() throws {
        let content = idx([2, 3], pattern(7))
        #expect(try error(content)?.reason == .oversized)
        #expect(try error(gzipped(content))?.reason == .oversized)
        #expect(try error(gzipped(idx([2, 3], pattern(6))) + [1])?.reason == .oversized)
    }

    @Test func lengthIsExplained() throws {
        let plain = try error(idx([2, 3, 4], pattern(20)))
        #expect(plain?.problem == "the header announces 2×3×4 = 24 elements, more than a file of this size can hold")
        let compressed = try error(gzipped(idx([2, 3, 4], pattern(20))))
        #expect(compressed?.problem == "the header announces 2×3×4 = 24 elements, and 20 are there")
    }

    @Test func wrongMagicNumbers() throws {
        let page = try error(Array("<!DOCTYPE html><html></html>".utf8))
        #expect(page?.reason == .wrongMagic)
        #expect(page?.problem.contains("0x3c21444f") == true)
        #expect(try error(idx([1], [0], rank: 0))?.reason == .wrongMagic)
        #expect(try error(idx([1, 1, 1, 1, 1], [0]))?.reason == .wrongMagic)
        #expect(try error(idx([1], [0], type: 0x0a))?.reason == .wrongMagic)
        #expect(try error(gzipped(Array("no IDX file".utf8)))?.reason == .wrongMagic)
    }

    @Test(arguments: [(0x09, "signed bytes"), (0x0b, "16-bit integers"), (0x0d, "32-bit floats")] as [(UInt8, String)])
    func otherElementTypesAreNamed(type: UInt8, name: String) throws {
        let error = try error(idx([1], [0], type: type))
        #expect(error?.reason == .unsupported)
        #expect(error?.problem.contains(name) == true)
    }

    @Test func mislabelledFilesAreTold() throws {
        let labels = try error(idx([3], [1, 2, 3]), dimensionCount: 3)
        #expect(labels?.reason == .mislabelled)
        #expect(
            labels?.problem
                == "the file holds labels [N] (magic number 0x00000801); expected images [N, H, W]")
        let images = try error(idx([1, 1, 3], [1, 2, 3]), dimensionCount: 1)
        #expect(images?.reason == .mislabelled)
    }

    /// Sizes whose product is no `Int`, or large, must neither trap nor allocate.
    @Test(
        arguments: [
            [.max, .max, .max, .max], [.max, .max, .max, 0], [.max, .max], [1 << 31, 2, 1 << 31, 1], [1 << 20, 2],
        ] as [[UInt32]])
    func hugeDimensionsThrow(dimensions: [UInt32]) throws {
        #expect(try error(idx(dimensions, []))?.reason == .tooLarge)
        #expect(try error(gzipped(idx(dimensions, [])))?.reason == .tooLarge)
    }

    @Test func dimensionsBeyondTheFileThrow() throws {
        // Below the limit, but more than 1032 times the size of the compressed file.
        let data = try gzipped(idx([1 << 19], []))
        #expect(try error(data)?.problem.hasSuffix("more than a file of this size can hold") == true)
    }

    @Test func missingFile() throws {
        let error = #expect(throws: DataError.self) { try IDXFile(path: folder.path + "/absent") }
        #expect(error?.reason == .notFound)
        #expect(error?.kind == .missing)
        #expect(error?.description == "\(folder.path)/absent: no such file. Check the path.")
    }
}
