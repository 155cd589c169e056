/// The images of one split of a data set as bytes, with their labels.
public struct ImageBytes: Sendable {
    /// The pixels, contiguous in the order [count, channels, height, width], 0 (black) to 255 (white).
    public let images: [UInt8]
    /// The class of each image, [count], each in `0 ..< classNames.count`.
    public let labels: [Int64]
    /// The number of images.
    public let count: Int
    /// The number of colour channels: 1 for gray images.
    public let channels: Int
    /// The height of an image in pixels.
    public let height: Int
    /// The width of an image in pixels.
    public let width: Int
    /// The names of the classes, by label.
    public let classNames: [String]
    /// The copies that devices hold; all copies of this value share them.
    let residents = ResidentCopies()

    /// Creates a split from its parts.
    ///
    /// The caller has checked them: `images` has count · channels · height · width bytes, `labels` has `count` elements
    /// that are indices of `classNames`.
    public init(
        images: [UInt8], labels: [Int64], channels: Int, height: Int, width: Int, classNames: [String]
    ) {
        precondition(
            images.count == labels.count * channels * height * width,
            "ImageBytes: \(images.count) bytes for \(labels.count) images of \(channels)×\(height)×\(width)")
        self.images = images
        self.labels = labels
        self.count = labels.count
        self.channels = channels
        self.height = height
        self.width = width
        self.classNames = classNames
    }
}
