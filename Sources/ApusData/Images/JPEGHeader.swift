/// What the markers of a JPEG file tell before anything is decoded (ITU-T T.81, annex B).
struct JPEGHeader: Equatable {
    /// The width in pixels.
    let width: Int
    /// The height in pixels.
    let height: Int
    /// The number of colour components.
    let components: Int

    /// Every JPEG file starts with the marker SOI, and every marker with 0xFF.
    static let magic: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// The most pixels that one byte of Huffman-coded data can stand for: a block of 8×8 takes one bit at least, the
    /// code of its first coefficient.
    static let mostPixelsPerByte = 512

    /// Walks the markers up to the frame header.
    ///
    /// - Throws: ``DataError``: `wrongMagic` where it is no JPEG, `unsupported` for the processes that the decoder does
    ///   not know, each by its name, `truncated` and `corrupt` where there is no frame header.
    init(_ bytes: [UInt8], path: String) throws {
        guard bytes.starts(with: Self.magic) else {
            throw DataError(
                path: path, reason: .wrongMagic, problem: "this is no JPEG: its first bytes are not JPEG's",
                hint: "Give a JPEG file.")
        }
        var position = 2
        func truncated() -> DataError {
            DataError(
                path: path, reason: .truncated, problem: "the JPEG ends before its frame header",
                hint: "The file was not copied completely: fetch it again.")
        }
        while true {
            // Other bytes before a marker are skipped, as libjpeg does.
            while position < bytes.count, bytes[position] != 0xFF { position += 1 }
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position < bytes.count else { throw truncated() }
            let marker = bytes[position]
            position += 1
            switch marker {
            // Stuffing, TEM and restart markers stand alone.
            case 0x00, 0x01, 0xD0...0xD8: continue
            case 0xD9, 0xDA:
                throw DataError(
                    path: path, reason: .corrupt, problem: "the JPEG has no frame header before its data",
                    hint: "Fetch the file again.")
            default: break
            }
            guard position + 2 <= bytes.count else { throw truncated() }
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            guard length >= 2 else {
                throw DataError(
                    path: path, reason: .corrupt, problem: "the JPEG is damaged: a marker segment of \(length) bytes",
                    hint: "Fetch the file again.")
            }
            // SOF0 … SOF15; C4, C8 and CC are tables and an extension.
            guard (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) else {
                position += length
                continue
            }
            guard length >= 8, position + 8 <= bytes.count else { throw truncated() }
            try Self.check(process: marker, precision: Int(bytes[position + 2]), path: path)
            height = Int(bytes[position + 3]) << 8 | Int(bytes[position + 4])
            width = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
            components = Int(bytes[position + 7])
            return
        }
    }

    private static func check(process: UInt8, precision: Int, path: String) throws {
        let name: String? =
            switch process {
            case 0xC0, 0xC1, 0xC2: precision == 8 ? nil : "a JPEG of \(precision) bits a sample"
            case 0xC3: "a lossless JPEG"
            case 0xC5, 0xC6, 0xC7: "a hierarchical JPEG"
            default: "a JPEG with arithmetic coding"
            }
        guard let name else { return }
        throw DataError(
            path: path, reason: .unsupported, problem: "this is \(name), which is not supported",
            hint: "Baseline and progressive JPEGs of 8 bits can be read: convert the file.")
    }
}
