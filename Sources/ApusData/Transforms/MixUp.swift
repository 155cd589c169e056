import ApusGraph

/// Blends each image and its label with those of the image before it (`torchvision.transforms.v2.MixUp`; Zhang and
/// others: "mixup: beyond empirical risk minimization", 2017).
///
/// image ← λ image + (1 - λ) image before, with one λ ~ Beta(α, α) a batch.
public struct MixUp: BatchTransform {
    public let alpha: Double

    /// - Parameter alpha: the parameter of the distribution, above 0.
    public init(alpha: Double = 1) {
        precondition(alpha > 0, "MixUp: alpha \(alpha) is not above 0")
        self.alpha = alpha
    }

    public func apply(to batch: inout FloatBatch, _ random: inout TransformRandom) {
        let lambda = Float(random.beta(alpha))
        let (count, size) = (batch.count, batch.sampleCount)
        guard count > 0, let images = batch.images.baseAddress else { return }
        // From the last image down, so that the one before is still unchanged; the first needs a copy of the last.
        let last = Array(UnsafeBufferPointer(start: images + (count - 1) * size, count: size))
        for image in stride(from: count - 1, through: 0, by: -1) {
            let target = images + image * size
            last.withUnsafeBufferPointer { copy in
                guard let start = copy.baseAddress else { return }
                let before = image > 0 ? UnsafePointer(images + (image - 1) * size) : start
                for index in 0..<size { target[index] = before[index] * (1 - lambda) + target[index] * lambda }
            }
        }
        batch.mixProbabilities(lambda)
    }
}
