/// The middle of each image; smaller ones are first padded with 0 (`torchvision.transforms.v2.CenterCrop`).
public struct CenterCrop: Transform {
    public let size: CropSize

    /// - Parameter size: one number for a square, or `[height, width]`.
    public init(_ size: CropSize) { self.size = size }

    public func output(for input: ImageFormat) -> ImageFormat { input.cropped(to: size) }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) {
        image.centerCrop(height: size.height, width: size.width)
    }
}

extension ImageFormat {
    func cropped(to size: CropSize) -> ImageFormat {
        ImageFormat(channels: channels, height: size.height, width: size.width, element: element)
    }
}

extension CenterCrop: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? {
        guard let height = format.height, let width = format.width else { return nil }
        return PixelEffect(fill: size.height > height || size.width > width ? [0] : nil)
    }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) {
        map.crop(
            top: ImageSample.middle(size.height, of: map.rows.size),
            left: ImageSample.middle(size.width, of: map.columns.size), height: size.height, width: size.width)
    }
}
