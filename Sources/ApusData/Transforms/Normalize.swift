import ApusGraph

/// (x - mean) / std of each channel (`torchvision.transforms.v2.Normalize`).
public struct Normalize: Transform {
    public let mean: [Float]
    public let std: [Float]

    /// - Parameters:
    ///   - mean: one number for each channel, or one for all.
    ///   - std: the standard deviations, likewise; none is 0.
    public init(mean: [Double], std: [Double]) {
        precondition(!mean.isEmpty && !std.isEmpty, "Normalize: no mean or no std")
        precondition(std.allSatisfy { Float($0) != 0 }, "Normalize: a std of 0 would divide by zero")
        (self.mean, self.std) = (mean.map { Float($0) }, std.map { Float($0) })
    }

    public func output(for input: ImageFormat) throws -> ImageFormat {
        guard input.element == .float else {
            throw TensorError(
                "Normalize",
                "images of uint8 cannot be normalized. Put ToTensor() or ToDtype(.float, scale: true) first.")
        }
        guard [1, input.channels].contains(mean.count), [1, input.channels].contains(std.count) else {
            throw TensorError(
                "Normalize",
                "\(mean.count) means and \(std.count) deviations for images of \(input.channels) channels. Expected 1 "
                    + "or \(input.channels) of each.")
        }
        return input
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        _ = try output(for: image.format)
        image.normalize(mean: mean, deviation: std)
    }
}
