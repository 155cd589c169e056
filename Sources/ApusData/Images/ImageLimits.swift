/// How large a picture may be.
public enum ImageLimits {
    /// The most pixels that a file may announce: beyond them Pillow speaks of a decompression bomb
    /// (`2 * PIL.Image.MAX_IMAGE_PIXELS`, 179 megapixels).
    public static let mostPixels = 178_956_970

    /// Throws where a picture of this size must not be decoded.
    static func check(width: Int, height: Int, path: String) throws {
        guard width > 0, height > 0 else {
            throw DataError(
                path: path, reason: .corrupt, problem: "the header announces \(width)×\(height) pixels",
                hint: "Fetch the file again.")
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= mostPixels else {
            throw DataError(
                path: path, reason: .tooLarge,
                problem: "the image is too large: \(width)×\(height) pixels, more than the limit of \(mostPixels)",
                hint: "Give one of at most \(mostPixels) pixels.")
        }
    }
}
