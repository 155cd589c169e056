/// An array of unsigned bytes from an IDX file, the format of MNIST (LeCun, Cortes and Burges, "The MNIST database").
///
/// The file is a magic number of four bytes (0, 0, the element type, the number of dimensions), one big-endian 32-bit
/// number a dimension, and the elements in row-major order. Only element type 8, unsigned bytes, is supported, with one
/// to four dimensions: 0x00000801 are labels [N], 0x00000803 are gray images [N, H, W]. Plain and gzipped files are
/// told apart by their first bytes, not by their names.
public struct IDXFile: Sendable {
    /// The sizes, outermost first: [N] for labels, [N, H, W] for images. Each is 0 or more.
    public let dimensions: [Int]
    /// The elements in row-major order; their number is the product of `dimensions`.
    public let bytes: [UInt8]

    /// The limit that the initialiser has by default, 2 GiB: four times the largest published set of this kind
    /// (EMNIST).
    public static let defaultLimit = 1 << 31

    /// Reads the file at `path`.
    ///
    /// - Parameters:
    ///   - path: the file, plain or compressed by gzip.
    ///   - dimensionCount: the number of dimensions that the file must have: 1 for labels, 3 for images; nil: any of
    ///     1...4.
    ///   - limit: the most elements to accept.
    /// - Throws: `DataError`: `notFound` and `notReadable`; `wrongMagic` where it is no IDX file, `unsupported` for
    ///   other element types, `mislabelled` for another number of dimensions than asked for; `truncated` and
    ///   `oversized` where the length is not what the header announces; `tooLarge` above `limit`; `corrupt` for damaged
    ///   gzip data.
    public init(path: String, dimensionCount: Int? = nil, limit: Int = IDXFile.defaultLimit) throws {
        let file = try InputFile(path: path)
        if try file.starts(with: GzipReader.magic) {
            // What deflate cannot produce from a file of this size is not worth allocating for.
            let most = file.size.multipliedReportingOverflow(by: GzipReader.largestExpansion)
            let reader = try GzipReader(file: file)
            let size = most.overflow ? Int.max : most.partialValue
            try self.init(reader: reader, mostBytes: size, dimensionCount: dimensionCount, limit: limit)
        } else {
            try self.init(reader: file, mostBytes: file.size, dimensionCount: dimensionCount, limit: limit)
        }
    }

    private init(reader: some ByteReader, mostBytes: Int, dimensionCount: Int?, limit: Int) throws {
        let path = reader.path
        let magic = try Self.readNumber(from: reader)
        try Self.check(magic: magic, dimensionCount: dimensionCount, path: path)
        var dimensions: [Int] = []
        for _ in 0..<(magic & 0xff) {
            dimensions.append(Int(try Self.readNumber(from: reader)))
        }
        let count = try Self.elementCount(dimensions: dimensions, limit: limit, path: path)
        let headerSize = 4 + 4 * dimensions.count
        guard count <= mostBytes - headerSize else {
            throw Self.truncated(path: path, dimensions: dimensions, count: count, present: nil)
        }
        bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        guard bytes.count == count else {
            throw Self.truncated(path: path, dimensions: dimensions, count: count, present: bytes.count)
        }
        // Asking for one byte more also makes the gzip reader check its last checksum.
        let more = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { try reader.read(into: $0) }
        guard more == 0 else {
            throw DataError(
                path: path, reason: .oversized,
                problem: "the file goes on after the \(count) elements of its header (\(Self.text(dimensions)))",
                hint: "The header or the content is damaged: fetch the file again.")
        }
        self.dimensions = dimensions
    }

    private static func readNumber(from reader: some ByteReader) throws -> UInt32 {
        var bigEndian: UInt32 = 0
        let count = try withUnsafeMutableBytes(of: &bigEndian) { try reader.read(into: $0) }
        guard count == 4 else {
            throw DataError(
                path: reader.path, reason: .truncated, problem: "the file ends in the middle of its header",
                hint: "It was not copied completely: fetch it again.")
        }
        return UInt32(bigEndian: bigEndian)
    }

    private static func check(magic: UInt32, dimensionCount: Int?, path: String) throws {
        let digits = String(magic, radix: 16)
        let hex = "0x" + String(repeating: "0", count: 8 - digits.count) + digits
        let rank = Int(magic & 0xff)
        guard magic >> 16 == 0, let type = elementTypes[magic >> 8], (1...4).contains(rank) else {
            throw DataError(
                path: path, reason: .wrongMagic,
                problem: "the magic number is \(hex), not that of an IDX file (0x00000803 images, 0x00000801 labels)",
                hint: "This is another kind of file, perhaps a web page saved by a failed download.")
        }
        guard magic >> 8 == 0x08 else {
            throw DataError(
                path: path, reason: .unsupported, problem: "the elements are \(type) (magic number \(hex))",
                hint: "Only IDX files of unsigned bytes (0x000008..) can be read: convert the file.")
        }
        if let dimensionCount, rank != dimensionCount {
            throw DataError(
                path: path, reason: .mislabelled,
                problem: "the file holds \(content(rank)) (magic number \(hex)); expected \(content(dimensionCount))",
                hint: "Check whether the files of images and labels are swapped.")
        }
    }

    /// The element types of the format, by the third byte of the magic number.
    private static let elementTypes: [UInt32: String] = [
        0x08: "unsigned bytes", 0x09: "signed bytes", 0x0b: "16-bit integers", 0x0c: "32-bit integers",
        0x0d: "32-bit floats", 0x0e: "64-bit floats",
    ]

    private static func content(_ rank: Int) -> String {
        switch rank {
        case 1: "labels [N]"
        case 3: "images [N, H, W]"
        default: "an array of \(rank) dimensions"
        }
    }

    private static func elementCount(dimensions: [Int], limit: Int, path: String) throws -> Int {
        var count = 1
        for size in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            count = overflow ? Int.max : product
            if overflow { break }
        }
        guard count <= limit else {
            throw DataError(
                path: path, reason: .tooLarge,
                problem: "the header announces \(text(dimensions)) elements, more than the limit of \(limit)",
                hint: "The header is damaged or this is not the expected file.")
        }
        return count
    }

    private static func truncated(path: String, dimensions: [Int], count: Int, present: Int?) -> DataError {
        let found = present.map { ", and \($0) are there" } ?? ", more than a file of this size can hold"
        return DataError(
            path: path, reason: .truncated,
            problem: "the header announces \(text(dimensions)) = \(count) elements\(found)",
            hint: "The file was not copied completely: fetch it again.")
    }

    private static func text(_ dimensions: [Int]) -> String {
        dimensions.map(String.init).joined(separator: "×")
    }
}
