import Foundation

/// A part of random size, shape and place, resized (`torchvision.transforms.v2.RandomResizedCrop`; Szegedy and others:
/// "Going deeper with convolutions", 2015).
public struct RandomResizedCrop: Transform {
    public let size: CropSize
    public let scale: ClosedRange<Double>
    public let ratio: ClosedRange<Double>
    public let interpolation: ImageInterpolation
    public let antialias: Bool

    /// - Parameters:
    ///   - size: the result's size.
    ///   - scale: the part's share of the area.
    ///   - ratio: its width divided by its height, drawn evenly on a logarithmic scale.
    ///   - interpolation: nearest or bilinear, as for ``Resize``.
    ///   - antialias: whether a smaller result averages what it leaves out, as for ``Resize``.
    public init(
        _ size: CropSize, scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = (3.0 / 4)...(4.0 / 3),
        interpolation: ImageInterpolation = .bilinear, antialias: Bool = true
    ) {
        precondition(scale.lowerBound >= 0 && ratio.lowerBound > 0, "RandomResizedCrop: scale \(scale), ratio \(ratio)")
        (self.size, self.scale, self.ratio) = (size, scale, ratio)
        (self.interpolation, self.antialias) = (interpolation, antialias)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input.cropped(to: size) }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let part = part(height: image.height, width: image.width, &random)
        image.crop(top: part.top, left: part.left, height: part.height, width: part.width)
        image.resize(height: size.height, width: size.width, interpolation: interpolation, antialias: antialias)
    }

    private func part(
        height: Int, width: Int, _ random: inout TransformRandom
    ) -> (top: Int, left: Int, height: Int, width: Int) {
        let area = Double(height * width)
        for _ in 0..<10 {
            let target = area * random.uniform(scale.lowerBound, scale.upperBound)
            let shape = exp(random.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
            let newWidth = Int((target * shape).squareRoot().rounded(.toNearestOrEven))
            let newHeight = Int((target / shape).squareRoot().rounded(.toNearestOrEven))
            guard (1...width).contains(newWidth), (1...height).contains(newHeight) else { continue }
            let top = random.below(height - newHeight + 1)
            return (top, random.below(width - newWidth + 1), newHeight, newWidth)
        }
        // The largest part in the middle whose shape is in the range.
        var (newHeight, newWidth) = (height, width)
        let shape = Double(width) / Double(height)
        if shape < ratio.lowerBound {
            newHeight = Int((Double(width) / ratio.lowerBound).rounded(.toNearestOrEven))
        } else if shape > ratio.upperBound {
            newWidth = Int((Double(height) * ratio.upperBound).rounded(.toNearestOrEven))
        }
        (newHeight, newWidth) = (max(newHeight, 1), max(newWidth, 1))
        return ((height - newHeight) / 2, (width - newWidth) / 2, newHeight, newWidth)
    }
}
