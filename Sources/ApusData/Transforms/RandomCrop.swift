import ApusGraph

/// A part of each image at a random place (`torchvision.transforms.v2.RandomCrop`).
public struct RandomCrop: Transform {
    public let size: CropSize
    public let padding: ImagePadding
    public let padIfNeeded: Bool
    public let fill: [Double]
    public let border: ImageBorder

    /// - Parameters:
    ///   - size: one number for a square, or `[height, width]`.
    ///   - padding: pixels to add first: one number, `[left and right, top and bottom]`, or four.
    ///   - padIfNeeded: pad smaller images, on both sides by what is missing.
    ///   - fill: what stands there, one value or one for each channel, for the border `constant`.
    ///   - border: what stands beyond the border (`padding_mode`).
    public init(
        _ size: CropSize, padding: ImagePadding = 0, padIfNeeded: Bool = false, fill: [Double] = [0],
        border: ImageBorder = .constant
    ) {
        (self.size, self.padding, self.padIfNeeded) = (size, padding, padIfNeeded)
        (self.fill, self.border) = (fill, border)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input.cropped(to: size) }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let padding = padding(height: image.height, width: image.width)
        let (top, left) = try place(height: image.height, width: image.width, padding, &random)
        if padding.isEmpty {
            image.crop(top: top, left: left, height: size.height, width: size.width)
        } else if border == .constant && fill == [0] {
            // Zeros beyond the border are what a crop across it gives: one pass instead of two.
            image.crop(
                top: top - padding.top, left: left - padding.left, height: size.height, width: size.width)
        } else {
            try image.pad(padding, border: border, fill: fill)
            image.crop(top: top, left: left, height: size.height, width: size.width)
        }
    }

    /// What is added to an image of a size before a part is taken.
    private func padding(height: Int, width: Int) -> ImagePadding {
        var padding = padding
        guard padIfNeeded else { return padding }
        let rows = size.height - height - padding.top - padding.bottom
        let columns = size.width - width - padding.left - padding.right
        if rows > 0 { (padding.top, padding.bottom) = (padding.top + rows, padding.bottom + rows) }
        if columns > 0 { (padding.left, padding.right) = (padding.left + columns, padding.right + columns) }
        return padding
    }

    /// Draws where the part begins in the padded image.
    private func place(
        height: Int, width: Int, _ padding: ImagePadding, _ random: inout TransformRandom
    ) throws -> (top: Int, left: Int) {
        let rows = height + padding.top + padding.bottom - size.height
        let columns = width + padding.left + padding.right - size.width
        guard rows >= 0, columns >= 0 else {
            throw TensorError(
                "RandomCrop",
                "a crop of \(size.height)×\(size.width) pixels of an image of \(rows + size.height)×"
                    + "\(columns + size.width) with its padding. Give padding, padIfNeeded: true, or Resize first.")
        }
        let top = rows > 0 ? random.below(rows + 1) : 0
        return (top, columns > 0 ? random.below(columns + 1) : 0)
    }
}

extension RandomCrop: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? {
        guard let height = format.height, let width = format.width else { return nil }
        if padding(height: height, width: width).isEmpty { return PixelEffect() }
        return border == .constant ? PixelEffect(fill: fill) : nil
    }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) throws {
        let (height, width) = (map.rows.size, map.columns.size)
        let padding = padding(height: height, width: width)
        let (top, left) = try place(height: height, width: width, padding, &random)
        map.crop(top: top - padding.top, left: left - padding.left, height: size.height, width: size.width)
    }
}
