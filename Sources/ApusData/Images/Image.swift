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
        return mapped(channels: 3) { pixel, target in
            for channel in 0..<3 { target[channel] = pixel[channels > 2 ? channel : 0] }
        }
    }

    /// The picture in one channel, by the weights of ITU-R 601 in whole numbers of 16 bits; alpha is dropped (Pillow's
    /// `convert("L")`).
    public func gray() -> Image {
        guard channels != 1 else { return self }
        return mapped(channels: 1) { pixel, target in
            guard channels > 2 else {
                target[0] = pixel[0]
                return
            }
            let sum = 19_595 * Int(pixel[0]) + 38_470 * Int(pixel[1]) + 7_471 * Int(pixel[2])
            target[0] = UInt8((sum + 0x8000) >> 16)
        }
    }

    /// Gray of gray and alpha, RGB of RGB and alpha.
    func withoutAlpha() -> Image {
        switch channels {
        case 2: gray()
        case 4: rgb()
        default: self
        }
    }

    private func mapped(
        channels newChannels: Int, _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
    ) -> Image {
        let pixels = width * height
        let mapped = [UInt8](unsafeUninitializedCapacity: pixels * newChannels) { buffer, count in
            samples.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
                for pixel in 0..<pixels { body(from + pixel * channels, to + pixel * newChannels) }
            }
            count = pixels * newChannels
        }
        return Image(width: width, height: height, channels: newChannels, samples: mapped)
    }

    /// The picture as bytes: `uint8` [channels, height, width] (`torchvision.io.decode_image`).
    public func bytes() -> Tensor {
        let plane = width * height
        return Tensor(TensorSpec(Shape([channels, height, width]), .uint8)) { pointer in
            let target = pointer.assumingMemoryBound(to: UInt8.self)
            samples.withUnsafeBufferPointer { source in
                for channel in 0..<channels {
                    for position in 0..<plane {
                        target[channel * plane + position] = source[position * channels + channel]
                    }
                }
            }
        }
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

    /// A picture of a tensor, [channels, height, width] or [height, width]; 1 to 4 channels.
    ///
    /// Of `uint8` the bytes stay as they are. Of other types a number x from 0 to 1 becomes ⌊255 x + ½⌋, cut to 0 … 255
    /// (torchvision's `save_image`); NaN becomes 0.
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
        let planes =
            if tensor.dtype == .uint8 {
                try tensor.elements(as: UInt8.self)
            } else {
                try tensor.elements(as: Float.self).map { number in
                    let value = number * 255 + 0.5
                    return value >= 0 ? UInt8(min(value, 255)) : 0
                }
            }
        let (channels, plane) = (sizes[0], sizes[1] * sizes[2])
        var samples = [UInt8](repeating: 0, count: planes.count)
        for channel in 0..<channels {
            for position in 0..<plane { samples[position * channels + channel] = planes[channel * plane + position] }
        }
        self.init(width: sizes[2], height: sizes[1], channels: channels, samples: samples)
    }
}
