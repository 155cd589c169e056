/// Rotates, shifts, scales and shears at random (`torchvision.transforms.v2.RandomAffine`).
public struct RandomAffine: Transform {
    public let degrees: ClosedRange<Double>
    public let translate: (x: Double, y: Double)?
    public let scale: ClosedRange<Double>?
    public let shearX: ClosedRange<Double>?
    public let shearY: ClosedRange<Double>?
    public let interpolation: ImageInterpolation
    public let fill: [Double]
    public let center: (x: Double, y: Double)?

    /// - Parameters:
    ///   - degrees: the angles, clockwise.
    ///   - translate: the most shift, as shares of width and height, 0 to 1; whole pixels are drawn.
    ///   - scale: factors above 0.
    ///   - shearX: degrees of shear along x.
    ///   - shearY: degrees of shear along y.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders, one value or one for each channel.
    ///   - center: the fixed point, x and y from the top left corner; nil for the middle.
    public init(
        degrees: ClosedRange<Double>, translate: (x: Double, y: Double)? = nil, scale: ClosedRange<Double>? = nil,
        shearX: ClosedRange<Double>? = nil, shearY: ClosedRange<Double>? = nil,
        interpolation: ImageInterpolation = .nearest, fill: [Double] = [0], center: (x: Double, y: Double)? = nil
    ) {
        precondition(
            translate.map { (0...1).contains($0.x) && (0...1).contains($0.y) } ?? true,
            "RandomAffine: a translation is not in 0...1")
        precondition(scale.map { $0.lowerBound > 0 } ?? true, "RandomAffine: a scale is not above 0")
        (self.degrees, self.translate, self.scale) = (degrees, translate, scale)
        (self.shearX, self.shearY, self.interpolation) = (shearX, shearY, interpolation)
        (self.fill, self.center) = (fill, center)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        func draw(_ range: ClosedRange<Double>, _ random: inout TransformRandom) -> Double {
            random.uniform(range.lowerBound, range.upperBound)
        }
        let angle = draw(degrees, &random)
        var shift = (x: 0.0, y: 0.0)
        if let translate {
            let (mostX, mostY) = (translate.x * Double(image.width), translate.y * Double(image.height))
            shift.x = random.uniform(-mostX, mostX).rounded(.toNearestOrEven)
            shift.y = random.uniform(-mostY, mostY).rounded(.toNearestOrEven)
        }
        let factor = scale.map { draw($0, &random) } ?? 1
        let shear = (x: shearX.map { draw($0, &random) } ?? 0, y: shearY.map { draw($0, &random) } ?? 0)
        try image.affine(
            angle: angle, translate: shift, scale: factor, shear: shear, interpolation: interpolation, fill: fill,
            center: center)
    }
}
