import ApusInterop
import CJPEG

/// JPEG files, by libjpeg-turbo.
///
/// Pixels are those that Pillow gives: accurate DCT, smooth upsampling, no colour management. Baseline and progressive
/// files of 8 bits can be read, gray, RGB, YCbCr, CMYK and YCCK; arithmetic coding, lossless and hierarchical files and
/// 12 bits are refused by name.
public enum JPEG {
    /// Reads the picture of a file, gray or RGB; CMYK and YCCK become RGB (Pillow's `convert("RGB")`).
    ///
    /// - Throws: ``DataError`` where the file is missing, is no JPEG, is damaged, of another kind, or too large.
    public static func read(path: String) throws -> Image {
        try decode(try InputFile.readAll(path: path), path: path)
    }

    /// Decodes the bytes of a file; `path` is what errors name.
    ///
    /// Data that is damaged in the middle is decoded as far as it goes, as Pillow does; a file that ends early is
    /// refused.
    ///
    /// - Throws: ``DataError``: `wrongMagic`, `unsupported`, `truncated`, `corrupt`, and `tooLarge` above
    ///   ``ImageLimits/mostPixels``.
    public static func decode(_ bytes: [UInt8], path: String = "JPEG") throws -> Image {
        let header = try JPEGHeader(bytes, path: path)
        try ImageLimits.check(width: header.width, height: header.height, path: path)
        guard header.width * header.height <= JPEGHeader.mostPixelsPerByte * bytes.count else {
            throw DataError(
                path: path, reason: .truncated,
                problem: "the header announces \(header.width)×\(header.height) pixels, more than a file of "
                    + "\(bytes.count) bytes can hold",
                hint: "The file was not copied completely: fetch it again.")
        }
        var size = apus_jpeg_size()
        try call(path) { apus_jpeg_read_size(bytes, bytes.count, UInt64(ImageLimits.mostPixels), &size, $0) }
        let (width, height, channels) = (Int(size.width), Int(size.height), Int(size.channels))
        var scratch = [UInt8](repeating: 0, count: size.is_cmyk != 0 ? width * height * 4 : 0)
        var warned: Int32 = 0
        var warning = ""
        let samples = try [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
            warning = try call(path) {
                apus_jpeg_decode(bytes, bytes.count, size, buffer.baseAddress, &scratch, &warned, $0)
            }
            count = width * height * channels
        }
        if warned != 0, warning.contains("Premature end") || !endsProperly(bytes) {
            throw DataError(
                path: path, reason: .truncated, problem: "the JPEG ends early (\(warning))",
                hint: "The file was not copied completely: fetch it again.")
        }
        return Image(width: width, height: height, channels: channels, samples: samples)
    }

    /// The bytes of a JPEG file of the picture; alpha is dropped.
    ///
    /// - Parameters:
    ///   - image: the picture.
    ///   - quality: 1 (smallest) to 100 (best); 75 is Pillow's default, and so is the halved chroma.
    /// - Throws: ``DataError`` where the picture has more than 65,500 pixels one way, and for lack of memory.
    public static func encode(_ image: Image, quality: Int = 75) throws -> [UInt8] {
        precondition((1...100).contains(quality), "JPEG: the quality \(quality) is not in 1...100")
        let picture = image.withoutAlpha()
        let size = apus_jpeg_size(
            width: UInt32(picture.width), height: UInt32(picture.height), channels: UInt32(picture.channels),
            is_cmyk: 0)
        var file: UnsafeMutablePointer<UInt8>?
        var count = 0
        try call("JPEG") { apus_jpeg_encode(picture.samples, size, Int32(quality), &file, &count, $0) }
        defer { apus_jpeg_free(file) }
        return Array(UnsafeBufferPointer(start: file, count: count))
    }

    /// Writes the picture as a JPEG file, which appears whole or not at all.
    ///
    /// - Throws: as ``encode(_:quality:)``, and `AtomicFile.WriteError` where the file cannot be written.
    public static func write(_ image: Image, to path: String, quality: Int = 75) throws {
        let bytes = try encode(image, quality: quality)
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }

    /// Whether the marker of the end stands behind the last scan.
    private static func endsProperly(_ bytes: [UInt8]) -> Bool {
        var position = bytes.count - 2
        while position >= 0 {
            if bytes[position] == 0xFF {
                if bytes[position + 1] == 0xD9 { return true }
                if bytes[position + 1] == 0xDA { return false }
            }
            position -= 1
        }
        return false
    }

    @discardableResult
    private static func call(_ path: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32) throws -> String {
        var message = [CChar](repeating: 0, count: Int(APUS_JPEG_MESSAGE_SIZE))
        let status = message.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map(body) ?? 1 }
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard status != 0 else { return text }
        throw DataError(
            path: path, reason: .corrupt, problem: "the JPEG cannot be decoded: \(text)",
            hint: "The file is damaged or of a rare kind: fetch it again or convert it.")
    }
}
