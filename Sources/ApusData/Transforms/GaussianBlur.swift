/// Blurs with a Gaussian of random width (`torchvision.transforms.v2.GaussianBlur`).
public struct GaussianBlur: Transform {
    public let kernelWidth: Int
    public let kernelHeight: Int
    public let sigma: ClosedRange<Double>

    /// - Parameters:
    ///   - kernelSize: odd, for both directions.
    ///   - sigma: the standard deviations to draw from, above 0.
    public init(kernelSize: Int, sigma: ClosedRange<Double> = 0.1...2) {
        self.init(kernelWidth: kernelSize, kernelHeight: kernelSize, sigma: sigma)
    }

    /// - Parameters:
    ///   - kernelWidth: odd.
    ///   - kernelHeight: odd.
    ///   - sigma: the standard deviations to draw from, above 0.
    public init(kernelWidth: Int, kernelHeight: Int, sigma: ClosedRange<Double> = 0.1...2) {
        precondition(
            kernelWidth > 0 && kernelHeight > 0 && kernelWidth % 2 == 1 && kernelHeight % 2 == 1,
            "GaussianBlur: a kernel of \(kernelWidth)×\(kernelHeight) is not odd")
        precondition(sigma.lowerBound > 0, "GaussianBlur: sigma \(sigma) is not above 0")
        (self.kernelWidth, self.kernelHeight, self.sigma) = (kernelWidth, kernelHeight, sigma)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let sigma = random.uniform(sigma.lowerBound, sigma.upperBound)
        try image.gaussianBlur(
            kernelWidth: kernelWidth, kernelHeight: kernelHeight, sigmaX: sigma, sigmaY: sigma)
    }
}
