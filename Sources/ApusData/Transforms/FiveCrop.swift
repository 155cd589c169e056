import ApusGraph

/// The four corners and the middle of each image (`torchvision.transforms.v2.FiveCrop`).
public struct FiveCrop: Sendable {
    public let size: CropSize

    /// - Parameter size: one number for squares, or `[height, width]`.
    public init(_ size: CropSize) { self.size = size }

    /// Top left, top right, bottom left, bottom right and middle of images [C, H, W] or [N, C, H, W].
    ///
    /// - Throws: `TensorError` where the images are smaller, and as a transform of tensors.
    public func callAsFunction(_ tensor: Tensor) throws -> [Tensor] {
        guard tensor.rank >= 3 else {
            throw TensorError("FiveCrop", "a tensor \(tensor.shape.brackets) is no image.")
        }
        let (height, width) = (tensor.shape[tensor.rank - 2], tensor.shape[tensor.rank - 1])
        guard size.height <= height, size.width <= width else {
            throw TensorError(
                "FiveCrop", "a crop of \(size.height)×\(size.width) pixels of an image of \(height)×\(width).")
        }
        let (bottom, right) = (height - size.height, width - size.width)
        let corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
        let crops = corners.map { Crop(top: $0.0, left: $0.1, height: size.height, width: size.width) }
        return try (crops as [any Transform] + [CenterCrop(size)]).map { try $0(tensor) }
    }
}

/// The part that begins at (top, left); what lies beyond the borders is 0
/// (`torchvision.transforms.v2.functional.crop`).
public struct Crop: Transform {
    public let top: Int
    public let left: Int
    public let size: CropSize

    public init(top: Int, left: Int, height: Int, width: Int) {
        (self.top, self.left, size) = (top, left, CropSize(height, width))
    }

    public func output(for input: ImageFormat) -> ImageFormat { input.cropped(to: size) }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) {
        image.crop(top: top, left: left, height: size.height, width: size.width)
    }
}
