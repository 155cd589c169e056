import ApusData

/// A place on a canvas: pixels from its upper left corner, to the right and down.
public struct CanvasPoint: Sendable, Hashable {
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// A drawing surface of anti-aliased lines, areas, pictures and text.
public struct Canvas: Sendable {
    public let width: Int
    public let height: Int
    /// [height, width, 3], each 0 to 1.
    private var pixels: [Float]

    /// A surface of one colour; width and height are at least 1.
    public init(width: Int, height: Int, color: Color = .white) {
        precondition(width > 0 && height > 0, "Canvas: \(width)×\(height) is not a size")
        (self.width, self.height) = (width, height)
        pixels = []
        pixels.reserveCapacity(width * height * 3)
        for _ in 0..<(width * height) { pixels += [color.red, color.green, color.blue] }
    }

    /// The drawing as a picture in red, green and blue.
    public var image: Image {
        Image(
            width: width, height: height, channels: 3,
            samples: pixels.map { UInt8(Swift.min(Swift.max($0, 0), 1) * 255 + 0.5) })
    }

    /// Draws the lines from each point to the next; one point alone is a dot. Points that are not finite end a line.
    public mutating func stroke(_ points: [CanvasPoint], width lineWidth: Double = 1, color: Color) {
        for part in points.split(whereSeparator: { !$0.x.isFinite || !$0.y.isFinite }) {
            strokeFinite(Array(part), width: lineWidth, color: color)
        }
    }

    /// Draws a picture with its upper left corner at (x, y), cut to the surface; alpha is ignored.
    public mutating func draw(_ image: Image, x: Int, y: Int) {
        let colors = image.rgb()
        for row in Swift.max(0, -y)..<Swift.max(0, -y, Swift.min(image.height, height - y)) {
            for column in Swift.max(0, -x)..<Swift.max(0, -x, Swift.min(image.width, width - x)) {
                let source = (row * image.width + column) * 3
                let target = ((y + row) * width + x + column) * 3
                for channel in 0..<3 { pixels[target + channel] = Float(colors.samples[source + channel]) / 255 }
            }
        }
    }

    // MARK: - Inside

    private func columns(_ from: Double, _ to: Double) -> (Int, Int) { Self.cut(from, to, width) }
    private func rows(_ from: Double, _ to: Double) -> (Int, Int) { Self.cut(from, to, height) }

    /// The whole numbers from `from` to `to` that lie in 0 ..< count; the first is above the last where there are none.
    private static func cut(_ from: Double, _ to: Double, _ count: Int) -> (Int, Int) {
        let first = Swift.max(0, Swift.min(from, to).rounded(.down))
        let last = Swift.min(Double(count - 1), Swift.max(from, to).rounded(.up))
        return first <= last ? (Int(first), Int(last)) : (1, 0)
    }

    private mutating func blend(_ x: Int, _ y: Int, _ color: Color, _ coverage: Float) {
        let position = (y * width + x) * 3
        for (channel, value) in [color.red, color.green, color.blue].enumerated() {
            pixels[position + channel] += (value - pixels[position + channel]) * coverage
        }
    }

    /// Each pixel is covered by how far its centre lies within half of the width of the nearest line. The largest
    /// coverage counts once, so that joints are not darker.
    private mutating func strokeFinite(_ points: [CanvasPoint], width lineWidth: Double, color: Color) {
        let radius = lineWidth / 2
        guard let first = points.first else { return }
        var coverage: [Int: Float] = [:]
        for (start, end) in zip([first] + points, points) {
            let (left, right) = columns(
                Swift.min(start.x, end.x) - radius - 1, Swift.max(start.x, end.x) + radius + 1)
            let (top, bottom) = rows(Swift.min(start.y, end.y) - radius - 1, Swift.max(start.y, end.y) + radius + 1)
            guard left <= right, top <= bottom else { continue }
            for y in top...bottom {
                for x in left...right {
                    let part = radius + 0.5 - Self.distance(Double(x) + 0.5, Double(y) + 0.5, start, end)
                    guard part > 0 else { continue }
                    let position = y * width + x
                    coverage[position] = Swift.max(coverage[position] ?? 0, Float(Swift.min(part, 1)))
                }
            }
        }
        for (position, part) in coverage { blend(position % width, position / width, color, part) }
    }

    /// The distance of (x, y) from the line between two points.
    private static func distance(_ x: Double, _ y: Double, _ start: CanvasPoint, _ end: CanvasPoint) -> Double {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        let length = dx * dx + dy * dy
        let along = length > 0 ? ((x - start.x) * dx + (y - start.y) * dy) / length : 0
        let part = Swift.min(Swift.max(along, 0), 1)
        let (ex, ey) = (x - start.x - part * dx, y - start.y - part * dy)
        return (ex * ex + ey * ey).squareRoot()
    }
}
