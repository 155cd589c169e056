/// A change of whole batches, which mixes images with each other.
public protocol BatchTransform: Sendable {
    /// Changes a batch.
    ///
    /// - Throws: where the batch cannot be transformed.
    func apply(to batch: inout FloatBatch, _ random: inout TransformRandom) throws
}

/// A batch of images with the probabilities of their classes.
public struct FloatBatch {
    /// The samples, [count, sampleCount].
    public let images: UnsafeMutableBufferPointer<Float>
    /// The number of images.
    public let count: Int
    /// The number of channels of an image.
    public let channels: Int
    /// The height of an image.
    public let height: Int
    /// The width of an image.
    public let width: Int
    /// The probabilities of the classes, [count, classCount].
    public internal(set) var probabilities: [Float]
    /// The number of classes.
    public let classCount: Int

    /// Samples in an image.
    public var sampleCount: Int { channels * height * width }

    /// label ← λ label + (1 - λ) label of the image before; the last image comes before the first.
    mutating func mixProbabilities(_ lambda: Float) {
        let old = probabilities
        for image in 0..<count {
            let before = (image + count - 1) % count
            for label in 0..<classCount {
                probabilities[image * classCount + label] =
                    old[before * classCount + label] * (1 - lambda) + old[image * classCount + label] * lambda
            }
        }
    }
}
