/// Some operations of one strength, drawn evenly (`torchvision.transforms.v2.RandAugment`; Cubuk and others:
/// "RandAugment: practical automated data augmentation with a reduced search space", 2019).
public struct RandAugment: Transform {
    public let numOps: Int
    public let magnitude: Int
    public let numMagnitudeBins: Int
    public let interpolation: ImageInterpolation
    public let fill: [Double]?

    private static let operations = AugmentationOperation.allCases.filter { $0 != .invert }

    /// - Parameters:
    ///   - numOps: operations applied to each image, one after the other.
    ///   - magnitude: their strength, 0 ..< numMagnitudeBins.
    ///   - numMagnitudeBins: steps of strength, at least 2.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders, one value or one for each channel; nil for 0.
    public init(
        numOps: Int = 2, magnitude: Int = 9, numMagnitudeBins: Int = 31,
        interpolation: ImageInterpolation = .nearest, fill: [Double]? = nil
    ) {
        precondition(numOps >= 0, "RandAugment: \(numOps) operations")
        precondition(
            numMagnitudeBins >= 2 && (0..<numMagnitudeBins).contains(magnitude),
            "RandAugment: the magnitude \(magnitude) is not one of \(numMagnitudeBins) bins")
        (self.numOps, self.magnitude, self.numMagnitudeBins) = (numOps, magnitude, numMagnitudeBins)
        (self.interpolation, self.fill) = (interpolation, fill)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        for _ in 0..<numOps {
            try Self.operations[random.below(Self.operations.count)].apply(
                to: image, bin: magnitude, of: numMagnitudeBins, .usual, interpolation: interpolation, fill: fill,
                &random)
        }
    }
}
