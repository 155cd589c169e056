import ApusGraph

/// A change of images on their way to the model: the counterpart of `torchvision.transforms.v2.Transform`.
///
/// A ``DataLoader`` applies it to each image of a batch, several at once; the random draws of an image depend on the
/// seed, the epoch and the image's position in the data set, never on threads or batches.
public protocol Transform: Sendable {
    /// What the result is for images of a format.
    ///
    /// - Throws: `TensorError` where such images cannot be transformed.
    func output(for input: ImageFormat) throws -> ImageFormat

    /// Changes one image.
    ///
    /// Called on several threads at once, for different images. It must not evaluate tensors: it runs on the threads
    /// that would compute them.
    ///
    /// - Throws: where the image cannot be transformed.
    func apply(to image: ImageSample, _ random: inout TransformRandom) throws
}

/// Transforms one after the other (`torchvision.transforms.v2.Compose`).
public struct Compose: Transform {
    public let transforms: [any Transform]

    public init(_ transforms: [any Transform]) { self.transforms = transforms }

    public func output(for input: ImageFormat) throws -> ImageFormat {
        try transforms.reduce(input) { try $1.output(for: $0) }
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        for transform in transforms { try transform.apply(to: image, &random) }
    }
}

/// A transform made of functions (`torchvision.transforms.v2.Lambda`).
public struct Lambda: Transform {
    private let outputRule: @Sendable (ImageFormat) throws -> ImageFormat
    private let body: @Sendable (ImageSample, inout TransformRandom) throws -> Void

    /// - Parameters:
    ///   - output: what the result is for images of a format; the format itself unless given.
    ///   - body: changes one image.
    public init(
        output: @escaping @Sendable (ImageFormat) throws -> ImageFormat = { $0 },
        _ body: @escaping @Sendable (ImageSample, inout TransformRandom) throws -> Void
    ) {
        (outputRule, self.body) = (output, body)
    }

    public func output(for input: ImageFormat) throws -> ImageFormat { try outputRule(input) }
    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws { try body(image, &random) }
}

/// A transform that is applied with a probability (`torchvision.transforms.v2.RandomApply`).
public struct RandomApply: Transform {
    public let transform: any Transform
    public let p: Double

    /// - Parameters:
    ///   - transform: what is applied.
    ///   - p: the probability, 0 to 1.
    public init(_ transform: any Transform, p: Double = 0.5) {
        checkProbability(p, "RandomApply")
        (self.transform, self.p) = (transform, p)
    }

    public func output(for input: ImageFormat) throws -> ImageFormat {
        let output = try transform.output(for: input)
        guard output == input else {
            throw TensorError(
                "RandomApply", "the transform makes \(output) of \(input): images would differ by chance.")
        }
        return input
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        if random.chance(p) { try transform.apply(to: image, &random) }
    }
}

func checkProbability(_ p: Double, _ name: String) {
    precondition((0...1).contains(p), "\(name): the probability \(p) is not in 0...1")
}
