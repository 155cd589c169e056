/// Changes brightness, contrast, saturation and hue at random, in random order (`torchvision.transforms.v2.ColorJitter`).
public struct ColorJitter: Transform {
    public let brightness: ClosedRange<Double>?
    public let contrast: ClosedRange<Double>?
    public let saturation: ClosedRange<Double>?
    public let hue: ClosedRange<Double>?

    /// Ranges of the factors, from 0, and of the hue's shift, within -0.5 … 0.5; nil leaves it.
    public init(
        brightness: ClosedRange<Double>? = nil, contrast: ClosedRange<Double>? = nil,
        saturation: ClosedRange<Double>? = nil, hue: ClosedRange<Double>? = nil
    ) {
        for factors in [brightness, contrast, saturation] {
            precondition(factors.map { $0.lowerBound >= 0 } ?? true, "ColorJitter: a factor is negative")
        }
        precondition(
            hue.map { $0.lowerBound >= -0.5 && $0.upperBound <= 0.5 } ?? true, "ColorJitter: hue is not in -0.5...0.5")
        (self.brightness, self.contrast, self.saturation, self.hue) = (brightness, contrast, saturation, hue)
    }

    /// Factors from max(0, 1 - x) to 1 + x, and a shift of the hue from -x to x; 0 leaves it.
    public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
        func around(_ spread: Double) -> ClosedRange<Double>? {
            precondition(spread >= 0, "ColorJitter: \(spread) is negative")
            return spread == 0 ? nil : max(0, 1 - spread)...(1 + spread)
        }
        self.init(
            brightness: around(brightness), contrast: around(contrast), saturation: around(saturation),
            hue: hue == 0 ? nil : -hue...hue)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        for change in random.permutation(4) {
            guard let range = [brightness, contrast, saturation, hue][change] else { continue }
            let value = random.uniform(range.lowerBound, range.upperBound)
            switch change {
            case 0: try image.adjustBrightness(value)
            case 1: try image.adjustContrast(value)
            case 2: try image.adjustSaturation(value)
            default: try image.adjustHue(value)
            }
        }
    }
}
