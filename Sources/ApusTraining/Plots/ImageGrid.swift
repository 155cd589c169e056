import ApusData
import ApusEngine
import ApusGraph

/// Pictures beside each other, each with a caption.
public struct ImageGrid: Sendable {
    /// A picture and what stands above it.
    public struct Entry: Sendable {
        public var image: Image
        public var caption: String

        public init(_ image: Image, caption: String = "") { (self.image, self.caption) = (image, caption) }
    }

    public var entries: [Entry]
    /// How many stand in a row, at least 1.
    public var columns: Int
    /// The pixels between them and around.
    public var margin: Int

    /// Pictures in rows of `columns`, `margin` pixels apart.
    public init(_ entries: [Entry], columns: Int, margin: Int = 12) {
        precondition(columns > 0 && margin >= 0, "ImageGrid: \(columns) columns, a margin of \(margin)")
        (self.entries, self.columns, self.margin) = (entries, columns, margin)
    }

    /// All pictures on a white ground, in cells of the largest picture's size.
    public func image() -> Image {
        let caption = entries.contains { !$0.caption.isEmpty } ? 24 : 0
        let width = max(
            entries.map(\.image.width).max() ?? 1,
            entries.map { Int(Canvas.width(of: $0.caption, size: 9)) }.max() ?? 1)
        let height = entries.map(\.image.height).max() ?? 1
        let rows = (entries.count + columns - 1) / columns
        var canvas = Canvas(
            width: min(columns, max(entries.count, 1)) * (width + margin) + margin,
            height: max(rows, 1) * (height + margin + caption) + margin)
        for (index, entry) in entries.enumerated() {
            let x = margin + index % columns * (width + margin) + (width - entry.image.width) / 2
            let y = margin + index / columns * (height + margin + caption) + caption
            canvas.draw(entry.image, x: x, y: y)
            let center = Double(x) + Double(entry.image.width) / 2
            canvas.write(entry.caption, at: CanvasPoint(center, Double(y - 8)), size: 9, alignment: .center)
        }
        return canvas.image
    }
}

extension Image {
    /// The planes of a feature map [C, H, W] as gray pictures, each stretched from its smallest (black) to its largest
    /// number (white); a plane of one number is black. NaN is black.
    ///
    /// - Throws: `TensorError` where the tensor has not 3 dimensions or no elements, and what evaluating it throws.
    public static func featureMaps(_ tensor: Tensor) throws -> [Image] {
        guard tensor.rank == 3, tensor.shape.elementCount > 0 else {
            throw TensorError("featureMaps", "a tensor \(tensor.shape.brackets) is no feature map. Expected [C, H, W].")
        }
        return try (0..<tensor.shape[0]).map { channel in
            let plane = tensor.detach()[channel]
            let (least, most) = (plane.amin(), plane.amax())
            // A plane of one number has no contrast to stretch.
            let span = try (most - least).elements(as: Double.self)[0]
            return try Image((plane - least) / (span > 0 ? span : 1))
        }
    }
}
