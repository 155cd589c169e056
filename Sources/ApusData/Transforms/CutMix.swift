import ApusGraph

/// Puts a rectangle of the image before into each image, and blends the labels by the area
/// (`torchvision.transforms.v2.CutMix`; Yun and others: "CutMix: regularization strategy to train strong classifiers with
/// localizable features", 2019).
public struct CutMix: BatchTransform {
    public let alpha: Double

    /// - Parameter alpha: the parameter of the distribution of the rectangle's share, above 0.
    public init(alpha: Double = 1) {
        precondition(alpha > 0, "CutMix: alpha \(alpha) is not above 0")
        self.alpha = alpha
    }

    public func apply(to batch: inout FloatBatch, _ random: inout TransformRandom) {
        let lambda = random.beta(alpha)
        let (height, width) = (batch.height, batch.width)
        let (centerX, centerY) = (random.below(width), random.below(height))
        let half = 0.5 * (1 - lambda).squareRoot()
        let (halfWidth, halfHeight) = (Int(half * Double(width)), Int(half * Double(height)))
        let columns = max(centerX - halfWidth, 0)..<min(centerX + halfWidth, width)
        let rows = max(centerY - halfHeight, 0)..<min(centerY + halfHeight, height)
        exchange(&batch, rows, columns)
        // The rectangle may be cut off at the border: its true share counts.
        let share = Double(rows.count * columns.count) / Double(height * width)
        batch.mixProbabilities(Float(1 - share))
    }

    /// Copies the rectangle of each image to the next one.
    private func exchange(_ batch: inout FloatBatch, _ rows: Range<Int>, _ columns: Range<Int>) {
        let (count, size) = (batch.count, batch.sampleCount)
        guard count > 1, !rows.isEmpty, !columns.isEmpty else { return }
        let images = batch.images
        let last = Array(images[((count - 1) * size)..<(count * size)])
        for image in stride(from: count - 1, through: 0, by: -1) {
            for channel in 0..<batch.channels {
                for row in rows {
                    let start = (channel * batch.height + row) * batch.width
                    for place in (start + columns.lowerBound)..<(start + columns.upperBound) {
                        images[image * size + place] = image > 0 ? images[(image - 1) * size + place] : last[place]
                    }
                }
            }
        }
    }
}
