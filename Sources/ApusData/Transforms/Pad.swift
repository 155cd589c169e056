import ApusGraph

/// Adds pixels at the sides (`torchvision.transforms.v2.Pad`).
public struct Pad: Transform {
    public let padding: ImagePadding
    public let fill: [Double]
    public let border: ImageBorder

    /// - Parameters:
    ///   - padding: one number for all sides, `[left and right, top and bottom]`, or `[left, top, right, bottom]`.
    ///   - fill: what stands there, one value or one for each channel, for the border `constant`.
    ///   - border: what stands beyond the border (`padding_mode`).
    public init(_ padding: ImagePadding, fill: [Double] = [0], border: ImageBorder = .constant) {
        (self.padding, self.fill, self.border) = (padding, fill, border)
    }

    public func output(for input: ImageFormat) -> ImageFormat {
        var output = input
        output.height = input.height.map { $0 + padding.top + padding.bottom }
        output.width = input.width.map { $0 + padding.left + padding.right }
        return output
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        try image.pad(padding, border: border, fill: fill)
    }
}

extension Pad: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? {
        border == .constant ? PixelEffect(fill: fill) : nil
    }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) throws {
        let size = try padding.paddedSize(height: map.rows.size, width: map.columns.size)
        map.crop(top: -padding.top, left: -padding.left, height: size.height, width: size.width)
    }
}

extension ImagePadding {
    /// The size of a padded image.
    ///
    /// - Throws: `TensorError` where nothing remains.
    func paddedSize(height: Int, width: Int) throws(TensorError) -> (height: Int, width: Int) {
        let (newHeight, newWidth) = (height + top + bottom, width + left + right)
        guard newHeight > 0, newWidth > 0 else {
            throw TensorError("Pad", "nothing remains of \(height)×\(width) pixels: \(self).")
        }
        return (newHeight, newWidth)
    }
}
