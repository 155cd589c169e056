/// Rotates by a random angle (`torchvision.transforms.v2.RandomRotation`).
public struct RandomRotation: Transform {
    public let degrees: ClosedRange<Double>
    public let interpolation: ImageInterpolation
    public let expand: Bool
    public let center: (x: Double, y: Double)?
    public let fill: [Double]

    /// - Parameters:
    ///   - degrees: the angles, counter-clockwise.
    ///   - interpolation: nearest or bilinear.
    ///   - expand: make the result large enough for the whole image.
    ///   - center: the fixed point, x and y from the top left corner; nil for the middle.
    ///   - fill: what stands beyond the borders, one value or one for each channel.
    public init(
        _ degrees: ClosedRange<Double>, interpolation: ImageInterpolation = .nearest, expand: Bool = false,
        center: (x: Double, y: Double)? = nil, fill: [Double] = [0]
    ) {
        (self.degrees, self.interpolation, self.expand) = (degrees, interpolation, expand)
        (self.center, self.fill) = (center, fill)
    }

    /// Angles from -`degrees` to `degrees`.
    public init(
        _ degrees: Double, interpolation: ImageInterpolation = .nearest, expand: Bool = false,
        center: (x: Double, y: Double)? = nil, fill: [Double] = [0]
    ) {
        precondition(degrees >= 0, "RandomRotation: \(degrees) degrees")
        self.init(
            -degrees...degrees, interpolation: interpolation, expand: expand, center: center, fill: fill)
    }

    public func output(for input: ImageFormat) -> ImageFormat {
        guard expand else { return input }
        return ImageFormat(channels: input.channels, height: nil, width: nil, element: input.element)
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        try image.rotate(
            angle: random.uniform(degrees.lowerBound, degrees.upperBound), interpolation: interpolation, expand: expand,
            fill: fill, center: center)
    }
}
