import ApusEngine
import ApusGraph

/// A picture of 8-bit samples: [height, width, channels], row by row from the top.
///
/// Samples are 0 (black) to 255 (white), as the file stores them: no gamma or colour conversion, which is what Pillow
/// gives and what models are trained on.
public struct Image: Sendable, Hashable {
    /// The width in pixels, at least 1.
    public let width: Int
    /// The height in pixels, at least 1.
    public let height: Int
    /// 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
    public let channels: Int
    /// The samples, height · width · channels of them.
    public private(set) var samples: [UInt8]

    /// A picture of its samples, [height, width, channels].
    ///
    /// The caller has counted them: `channels` is 1 to 4, width and height are at least 1.
    public init(width: Int, height: Int, channels: Int, samples: [UInt8]) {
        precondition(
            width > 0 && height > 0 && (1...4).contains(channels) && samples.count == width * height * channels,
            "Image: \(samples.count) samples for \(height)×\(width)×\(channels)")
        (self.width, self.height, self.channels, self.samples) = (width, height, channels, samples)
    }

    /// The picture in red, green and blue: gray is repeated, alpha is dropped (Pillow's `convert("RGB")`).
    public func rgb() -> Image {
        guard channels != 3 else { return self }
        var colors: [UInt8] = []
        colors.reserveCapacity(width * height * 3)
        for start in stride(from: 0, to: samples.count, by: channels) {
            for channel in 0..<3 { colors.append(samples[start + (channels > 2 ? channel : 0)]) }
        }
        return Image(width: width, height: height, channels: 3, samples: colors)
    }

    /// The picture as numbers from 0 to 1: `float32` [channels, height, width] (torchvision's `to_tensor`).
    public func tensor() -> Tensor {
        var numbers = [Float](repeating: 0, count: samples.count)
        let plane = width * height
        for position in 0..<plane {
            for channel in 0..<channels {
                numbers[channel * plane + position] = Float(samples[position * channels + channel]) / 255
            }
        }
        return Tensor(numbers, shape: [channels, height, width])
    }

    /// A picture of numbers from 0 to 1, [channels, height, width] or [height, width]; 1 to 4 channels.
    ///
    /// A number x becomes ⌊255 x + ½⌋, cut to 0 … 255 (torchvision's `save_image`); NaN becomes 0.
    ///
    /// - Throws: `TensorError` where the shape is no picture, and what evaluating the tensor throws.
    public init(_ tensor: Tensor) throws {
        let sizes = tensor.rank == 2 ? [1] + tensor.shape.dimensions : tensor.shape.dimensions
        guard sizes.count == 3, (1...4).contains(sizes[0]), sizes[1] > 0, sizes[2] > 0 else {
            throw TensorError(
                "Image",
                "a tensor \(tensor.shape.brackets) is no picture. Expected [channels, height, width] with 1 to 4 "
                    + "channels, or [height, width].")
        }
        let (channels, plane) = (sizes[0], sizes[1] * sizes[2])
        let numbers = try tensor.elements(as: Float.self)
        var samples = [UInt8](repeating: 0, count: numbers.count)
        for channel in 0..<channels {
            for position in 0..<plane {
                let value = numbers[channel * plane + position] * 255 + 0.5
                samples[position * channels + channel] = value >= 0 ? UInt8(min(value, 255)) : 0
            }
        }
        self.init(width: sizes[2], height: sizes[1], channels: channels, samples: samples)
    }
}
