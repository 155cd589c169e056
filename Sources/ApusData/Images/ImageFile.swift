/// Picture files of the kinds that can be read, told apart by their first bytes and never by their names.
public enum ImageFile {
    /// A kind of picture file.
    public enum Kind: String, Sendable {
        case png = "PNG"
        case jpeg = "JPEG"
    }

    /// How the channels of a picture are given (`torchvision.io.ImageReadMode`).
    public enum Mode: Sendable {
        /// As the file has them: gray, gray and alpha, RGB, or RGB and alpha.
        case unchanged
        /// One channel (Pillow's `convert("L")`).
        case gray
        /// Three channels (Pillow's `convert("RGB")`), which is what `ImageFolder` gives.
        case rgb
    }

    /// Reads the picture of a PNG or JPEG file.
    ///
    /// - Throws: ``DataError`` where the file is missing, of another kind (which is named), damaged or too large.
    public static func read(path: String, mode: Mode = .unchanged) throws -> Image {
        try decode(try InputFile.readAll(path: path), path: path, mode: mode)
    }

    /// Decodes the bytes of a PNG or JPEG file; `path` is what errors name.
    ///
    /// - Throws: as ``read(path:mode:)``.
    public static func decode(_ bytes: [UInt8], path: String, mode: Mode = .unchanged) throws -> Image {
        let image =
            switch try kind(ofFirst: bytes, path: path) {
            case .png: try PNG.decode(bytes, path: path)
            case .jpeg: try JPEG.decode(bytes, path: path)
            }
        return switch mode {
        case .unchanged: image
        case .gray: image.gray()
        case .rgb: image.rgb()
        }
    }

    /// The kind of the file whose first bytes are given; 16 of them are enough.
    ///
    /// - Throws: ``DataError`` (`unsupported`, `empty`) that names what the file is instead.
    static func kind(ofFirst bytes: [UInt8], path: String) throws -> Kind {
        if bytes.starts(with: PNG.magic) { return .png }
        if bytes.starts(with: JPEGHeader.magic) { return .jpeg }
        guard !bytes.isEmpty else {
            throw DataError(
                path: path, reason: .empty, problem: "the file is empty", hint: "Fetch the file again or remove it.")
        }
        let other = otherKinds.first { bytes.starts(with: $0.magic) }?.name
        throw DataError(
            path: path, reason: .unsupported,
            problem: other.map { "this is \($0), not a PNG or JPEG" } ?? "this is neither a PNG nor a JPEG",
            hint: "Only PNG and JPEG pictures can be read: convert or remove the file.")
    }

    /// The first bytes of what else is met in folders of pictures.
    private static let otherKinds: [(magic: [UInt8], name: String)] = [
        (Array("GIF8".utf8), "a GIF"), (Array("BM".utf8), "a BMP"), (Array("II*\0".utf8), "a TIFF"),
        (Array("MM\0*".utf8), "a TIFF"), (Array("RIFF".utf8), "a WebP or another RIFF file"),
        ([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000"), ([0xFF, 0x0A], "a JPEG XL"),
        (Array("8BPS".utf8), "a Photoshop file"), (Array("%PDF".utf8), "a PDF"), (Array("<svg".utf8), "an SVG"),
        (Array("<!DOCTYPE".utf8), "a web page"), (Array("<html".utf8), "a web page"), (Array("PK".utf8), "a ZIP"),
        (Array("P5".utf8), "a PGM"), (Array("P6".utf8), "a PPM"), ([0x1F, 0x8B], "a gzip file"),
    ]
}

extension ImageFile {
    /// The size of a picture in pixels.
    struct Size: Equatable, Sendable {
        let height: Int
        let width: Int
    }

    /// The size that a file's header announces, without decoding it.
    static func size(path: String) throws -> Size {
        let file = try InputFile(path: path)
        // 64 KiB: the most that one marker segment of a JPEG holds before its frame header; longer ones are read whole.
        let start = try file.first(min(file.size, 1 << 16))
        switch try kind(ofFirst: start, path: path) {
        case .png:
            // The signature, the length and name of the first chunk, then width and height (PNG, 11.2.2).
            guard start.count >= 24 else {
                throw DataError(path: path, reason: .truncated, problem: "the PNG ends early", hint: "Fetch it again.")
            }
            func number(_ place: Int) -> Int { start[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
            return Size(height: number(20), width: number(16))
        case .jpeg:
            let header =
                try (try? JPEGHeader(start, path: path)) ?? JPEGHeader(InputFile.readAll(path: path), path: path)
            return Size(height: header.height, width: header.width)
        }
    }
}
