/// Gray with a probability, in as many channels as before (`torchvision.transforms.v2.RandomGrayscale`).
public struct RandomGrayscale: Transform {
    public let p: Double

    public init(p: Double = 0.1) {
        checkProbability(p, "RandomGrayscale")
        self.p = p
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        if random.chance(p) { try image.grayscale(channels: image.channels) }
    }
}

extension RandomGrayscale: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? { PixelEffect(gray: .perhaps) }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) {
        if random.chance(p) { map.isGray = true }
    }
}
