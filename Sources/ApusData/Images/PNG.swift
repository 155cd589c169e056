import ApusInterop
import CPNG

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// PNG files, by libpng.
public enum PNG {
    static let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Reads the picture of a file.
    ///
    /// Palettes and gray of less than 8 bits are expanded, transparency becomes an alpha channel. Of 16 bits the upper 8
    /// are kept, but gray of 16 bits without alpha is cut off at 255: that is what Pillow's `convert` does.
    ///
    /// - Throws: ``DataError`` where the file is missing, is no PNG, is damaged or too large.
    public static func read(path: String) throws -> Image {
        try decode(try InputFile.readAll(path: path), path: path)
    }

    /// Decodes the bytes of a file; `path` is what errors name.
    ///
    /// - Throws: ``DataError`` where the bytes are no PNG, are damaged or announce more than ``ImageLimits/mostPixels``.
    public static func decode(_ bytes: [UInt8], path: String = "PNG") throws -> Image {
        guard bytes.starts(with: magic) else {
            throw DataError(
                path: path, reason: .wrongMagic, problem: "this is no PNG: its first bytes are not PNG's",
                hint: "Give a PNG file.")
        }
        var size = apus_png_size()
        try call(path) { apus_png_read_size(bytes, bytes.count, UInt64(ImageLimits.mostPixels), &size, $0) }
        let (width, height, channels) = (Int(size.width), Int(size.height), Int(size.channels))
        let samples = try [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
            try call(path) { apus_png_decode(bytes, bytes.count, size, buffer.baseAddress, $0) }
            count = width * height * channels
        }
        return Image(width: width, height: height, channels: channels, samples: samples)
    }

    /// The bytes of a PNG file of the picture, 8 bits a sample.
    ///
    /// - Throws: ``DataError`` where libpng fails, which it does for lack of memory only.
    public static func encode(_ image: Image) throws -> [UInt8] {
        let size = apus_png_size(
            width: UInt32(image.width), height: UInt32(image.height), channels: UInt32(image.channels))
        var file: UnsafeMutablePointer<UInt8>?
        var count = 0
        try call("PNG") { apus_png_encode(image.samples, size, &file, &count, $0) }
        defer { free(file) }
        return Array(UnsafeBufferPointer(start: file, count: count))
    }

    /// Writes the picture as a PNG file, which appears whole or not at all.
    ///
    /// - Throws: ``/ApusInterop/AtomicFile/WriteError`` where the file cannot be written.
    public static func write(_ image: Image, to path: String) throws {
        let bytes = try encode(image)
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }

    private static func call(_ path: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32) throws {
        var message = [CChar](repeating: 0, count: Int(APUS_PNG_MESSAGE_SIZE))
        let status = message.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map(body) ?? 1 }
        guard status != 0 else { return }
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        switch text {
        case let text where text.contains("ends early") || text.contains("can hold"):
            throw DataError(path: path, reason: .truncated, problem: text, hint: "Fetch the file again.")
        case let text where text.contains("too many pixels"):
            throw DataError(
                path: path, reason: .tooLarge,
                problem: "the image is too large: \(text), the limit is \(ImageLimits.mostPixels)",
                hint: "Give one of at most \(ImageLimits.mostPixels) pixels.")
        default:
            throw DataError(
                path: path, reason: .corrupt, problem: "the PNG is damaged: \(text)", hint: "Fetch the file again.")
        }
    }
}
