/// Mirrors left and right with a probability (`torchvision.transforms.v2.RandomHorizontalFlip`).
public struct RandomHorizontalFlip: Transform {
    public let p: Double

    public init(p: Double = 0.5) {
        checkProbability(p, "RandomHorizontalFlip")
        self.p = p
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) {
        if random.chance(p) { image.flipHorizontally() }
    }
}

extension RandomHorizontalFlip: PixelTransform {
    func effect(on format: ImageFormat) -> PixelEffect? { PixelEffect() }

    func apply(to map: inout PixelMap, _ random: inout TransformRandom) {
        if random.chance(p) { map.columns.flip() }
    }
}
