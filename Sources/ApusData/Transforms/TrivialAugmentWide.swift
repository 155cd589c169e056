/// One operation of random strength (`torchvision.transforms.v2.TrivialAugmentWide`; Müller and Hutter:
/// "TrivialAugment: tuning-free yet state-of-the-art data augmentation", 2021).
public struct TrivialAugmentWide: Transform {
    public let numMagnitudeBins: Int
    public let interpolation: ImageInterpolation
    public let fill: [Double]?

    private static let operations = AugmentationOperation.allCases.filter { $0 != .invert }

    /// - Parameters:
    ///   - numMagnitudeBins: steps of strength, at least 2.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders, one value or one for each channel; nil for 0.
    public init(
        numMagnitudeBins: Int = 31, interpolation: ImageInterpolation = .nearest, fill: [Double]? = nil
    ) {
        precondition(numMagnitudeBins >= 2, "TrivialAugmentWide: \(numMagnitudeBins) bins")
        (self.numMagnitudeBins, self.interpolation, self.fill) = (numMagnitudeBins, interpolation, fill)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let operation = Self.operations[random.below(Self.operations.count)]
        try operation.apply(
            to: image, bin: random.below(numMagnitudeBins), of: numMagnitudeBins, .wide, interpolation: interpolation,
            fill: fill, &random)
    }
}

/// The name of the paper's method for torchvision's ``TrivialAugmentWide``.
public typealias TrivialAugment = TrivialAugmentWide
