/// 0.2989 R + 0.587 G + 0.114 B (`torchvision.transforms.v2.Grayscale`).
public struct Grayscale: Transform {
    public let numOutputChannels: Int

    /// - Parameter numOutputChannels: 1, or 3 equal ones.
    public init(numOutputChannels: Int = 1) {
        precondition([1, 3].contains(numOutputChannels), "Grayscale: \(numOutputChannels) channels; expected 1 or 3")
        self.numOutputChannels = numOutputChannels
    }

    public func output(for input: ImageFormat) -> ImageFormat {
        var output = input
        output.channels = numOutputChannels
        return output
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        try image.grayscale(channels: numOutputChannels)
    }
}

extension Grayscale: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? { PixelEffect(gray: .always) }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) { map.isGray = true }
}
