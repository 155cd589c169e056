import ApusData
import ApusEngine
import ApusGraph

extension Image {
    /// Each pixel as a square of `factor` × `factor`.
    func enlarged(by factor: Int) -> Image {
        guard factor > 1 else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(samples.count * factor * factor)
        for y in 0..<height {
            var row: [UInt8] = []
            for x in 0..<width {
                let start = (y * width + x) * channels
                for _ in 0..<factor { row += samples[start..<(start + channels)] }
            }
            for _ in 0..<factor { result += row }
        }
        return Image(width: width * factor, height: height * factor, channels: channels, samples: result)
    }

    /// The picture enlarged by the smallest whole factor that gives its longer side `size` pixels, each pixel a square;
    /// a larger one as it is.
    public func enlarged(toAtLeast size: Int) -> Image {
        let side = Swift.max(width, height)
        return enlarged(by: (size + side - 1) / side)
    }

    /// The picture within a square of `size` pixels: enlarged by a whole factor, or reduced with antialiasing
    /// (Pillow's bilinear `resize`).
    ///
    /// - Throws: what evaluating a tensor throws.
    func fitted(into size: Int) throws -> Image {
        let side = Swift.max(width, height)
        guard side > size else { return enlarged(by: size / side) }
        let sizes = [height, width].map { Swift.max(1, ($0 * size + side / 2) / side) }
        return try Image(tensor().unsqueeze(dim: 0).interpolate(size: sizes, mode: .bilinear, antialias: true)[0])
    }
}
