/// Mirrors top and bottom with a probability (`torchvision.transforms.v2.RandomVerticalFlip`).
public struct RandomVerticalFlip: Transform {
    public let p: Double

    public init(p: Double = 0.5) {
        checkProbability(p, "RandomVerticalFlip")
        self.p = p
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) {
        if random.chance(p) { image.flipVertically() }
    }
}

extension RandomVerticalFlip: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? { PixelEffect() }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) {
        if random.chance(p) { map.rows.flip() }
    }
}
