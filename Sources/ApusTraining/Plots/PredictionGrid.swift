import ApusData
import ApusEngine

/// Pictures with the class that a model predicted for each below it, and the true one where it differs.
///
/// A right prediction is black. A wrong one is vermilion, and the true class stands in blue in a second line: colours
/// that people with any colour vision can tell apart.
public struct PredictionGrid: Sendable {
    /// A picture, and what is known of its class.
    public struct Entry: Sendable {
        public var image: Image
        public var predicted: String
        /// The true class; nil where it is not known.
        public var actual: String?

        /// Whether the true class is known, and another one.
        var isWrong: Bool { actual.map { $0 != predicted } ?? false }

        public init(_ image: Image, predicted: String, actual: String? = nil) {
            (self.image, self.predicted, self.actual) = (image, predicted, actual)
        }
    }

    /// The pictures, row by row.
    public var entries: [Entry]
    /// How many stand in a row, at least 1.
    public var columns: Int

    /// Pictures in rows of `columns`.
    public init(_ entries: [Entry], columns: Int = 8) {
        precondition(columns > 0, "PredictionGrid: no columns")
        (self.entries, self.columns) = (entries, columns)
    }

    /// All pictures on a white ground.
    ///
    /// Pictures up to 112 pixels are enlarged by whole factors to at most 112, larger ones reduced to 160. Names that
    /// are wider than the cells are shortened.
    ///
    /// - Throws: what reducing a picture throws.
    public func image() throws -> Image {
        let largest = entries.map { Swift.max($0.image.width, $0.image.height) }.max() ?? 1
        let size = largest <= 112 ? 112 : Swift.min(largest, 160)
        let cell = size + 24
        let lines = entries.contains(where: \.isWrong) ? 2 : 1
        let rows = (entries.count + columns - 1) / columns
        let rowHeight = size + 8 + lines * Self.lineHeight + 8
        var canvas = Canvas(
            width: Swift.max(1, Swift.min(columns, entries.count)) * cell + 8,
            height: Swift.max(rows, 1) * rowHeight + 8)
        for (index, entry) in entries.enumerated() {
            let left = 4 + index % columns * cell
            let top = 8 + index / columns * rowHeight
            let picture = try entry.image.fitted(into: size)
            canvas.draw(
                // On the caption below, however flat it is.
                picture, x: left + (cell - picture.width) / 2, y: top + size - picture.height)
            var captions = [(entry.predicted, entry.isWrong ? Self.wrong : .black)]
            if entry.isWrong, let actual = entry.actual { captions.append((actual, Self.truth)) }
            for (line, (text, color)) in captions.enumerated() {
                let baseline = top + size + 8 + (line + 1) * Self.lineHeight - 5
                canvas.write(
                    text.shortened(to: Self.characters(in: cell - 8)),
                    at: CanvasPoint(Double(left + cell / 2), Double(baseline)), size: Self.letterSize, color: color,
                    alignment: .center)
            }
        }
        return canvas.image
    }

    /// The height of a capital letter in pixels: the smallest at which the strokes of small letters stay apart.
    private static let letterSize = 9.0
    private static let lineHeight = 18
    private static let wrong = Color(hex: 0xD55E00)
    private static let truth = Color(hex: 0x0072B2)

    /// How many characters fit into a width in pixels.
    private static func characters(in width: Int) -> Int {
        var count = 1
        while Canvas.width(of: String(repeating: "m", count: count + 1), size: letterSize) <= Double(width) {
            count += 1
        }
        return count
    }
}
