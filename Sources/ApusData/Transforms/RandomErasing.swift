import ApusGraph
import Foundation

/// Erases a rectangle of random size, shape and place with a probability (`torchvision.transforms.v2.RandomErasing`;
/// Zhong and others: "Random erasing data augmentation", 2017).
public struct RandomErasing: Transform {
    /// What stands in the rectangle.
    public enum Value: Sendable, Hashable {
        /// One number, or one for each channel.
        case fill([Double])
        /// Normal numbers of mean 0 and deviation 1, for floats.
        case random
    }

    public let p: Double
    public let scale: ClosedRange<Double>
    public let ratio: ClosedRange<Double>
    public let value: Value

    /// - Parameters:
    ///   - p: the probability.
    ///   - scale: the rectangle's share of the area, within 0 … 1.
    ///   - ratio: its height divided by its width, drawn evenly on a logarithmic scale.
    ///   - value: what stands in it.
    public init(
        p: Double = 0.5, scale: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3,
        value: Value = .fill([0])
    ) {
        checkProbability(p, "RandomErasing")
        precondition(scale.lowerBound >= 0 && scale.upperBound <= 1, "RandomErasing: scale \(scale) is not in 0...1")
        precondition(ratio.lowerBound > 0, "RandomErasing: ratio \(ratio) is not above 0")
        (self.p, self.scale, self.ratio, self.value) = (p, scale, ratio, value)
    }

    public func output(for input: ImageFormat) throws -> ImageFormat {
        guard value != .random || input.element == .float else {
            throw TensorError("RandomErasing", "random numbers are for floats: put ToTensor() first.")
        }
        return input
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        _ = try output(for: image.format)
        guard random.chance(p) else { return }
        let area = Double(image.planeCount)
        for _ in 0..<10 {
            let target = area * random.uniform(scale.lowerBound, scale.upperBound)
            let shape = exp(random.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
            let height = Int((target * shape).squareRoot().rounded(.toNearestOrEven))
            let width = Int((target / shape).squareRoot().rounded(.toNearestOrEven))
            guard height < image.height, width < image.width else { continue }
            let top = random.below(image.height - height + 1)
            let left = random.below(image.width - width + 1)
            switch value {
            case .fill(let fill): try image.erase(top: top, left: left, height: height, width: width, fill: fill)
            case .random: image.eraseWithNoise(top: top, left: left, height: height, width: width, &random)
            }
            return
        }
    }
}

extension ImageSample {
    /// Fills a rectangle (`torchvision.transforms.functional.erase`).
    ///
    /// - Parameters:
    ///   - top: the first row.
    ///   - left: the first column.
    ///   - height: the number of rows.
    ///   - width: the number of columns.
    ///   - fill: one value, or one for each channel; of bytes 0 to 255, rounded down.
    /// - Throws: `TensorError` where the rectangle or the values do not fit.
    public func erase(top: Int, left: Int, height: Int, width: Int, fill: [Double]) throws {
        try checkFill(fill, "erase")
        guard top >= 0, left >= 0, height >= 0, width >= 0, top + height <= self.height, left + width <= self.width
        else {
            throw TensorError(
                "erase",
                "the rectangle \(height)×\(width) at (\(top), \(left)) does not lie in \(self.height)×\(self.width).")
        }
        let values = fillValues(fill)
        if element == .byte {
            withBytes { fillRectangle($0, top, left, height, width) { channel in UInt8(values[channel]) } }
        } else {
            withFloats { fillRectangle($0, top, left, height, width) { channel in values[channel] } }
        }
    }

    fileprivate func eraseWithNoise(
        top: Int, left: Int, height: Int, width: Int, _ random: inout TransformRandom
    ) {
        withFloats { fillRectangle($0, top, left, height, width) { _ in Float(random.normal()) } }
    }

    private func fillRectangle<Sample>(
        _ samples: UnsafeMutableBufferPointer<Sample>, _ top: Int, _ left: Int, _ height: Int, _ width: Int,
        _ value: (Int) -> Sample
    ) {
        for channel in 0..<channels {
            for row in top..<(top + height) {
                let start = (channel * self.height + row) * self.width
                for index in (start + left)..<(start + left + width) { samples[index] = value(channel) }
            }
        }
    }
}
