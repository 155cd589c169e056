import ApusData
import Foundation

/// A chart of one or more functions over a common axis.
public struct LineChart: Sendable {
    /// One line: points (x, y), in order. A point that is not finite leaves a gap.
    public struct Series: Sendable {
        public var name: String
        public var x: [Double]
        public var y: [Double]
        /// The line's colour; one of ``Color/palette`` where it is nil.
        public var color: Color?

        /// A line through points; `x` and `y` have one length.
        public init(_ name: String, x: [Double], y: [Double], color: Color? = nil) {
            precondition(x.count == y.count, "LineChart: \(x.count) x for \(y.count) y")
            (self.name, self.x, self.y, self.color) = (name, x, y, color)
        }
    }

    public var title: String
    public var xLabel: String
    public var series: [Series]
    /// What the axes show; as much as the points need where it is nil.
    public var xRange: ClosedRange<Double>?
    public var yRange: ClosedRange<Double>?

    public init(
        title: String, xLabel: String = "", series: [Series], xRange: ClosedRange<Double>? = nil,
        yRange: ClosedRange<Double>? = nil
    ) {
        (self.title, self.xLabel, self.series, self.xRange, self.yRange) = (title, xLabel, series, xRange, yRange)
    }

    /// Charts beside each other, `columns` in a row, each of `width` × `height` pixels.
    public static func grid(_ charts: [LineChart], columns: Int, width: Int = 480, height: Int = 320) -> Image {
        precondition(columns > 0 && !charts.isEmpty, "LineChart: no charts or no columns")
        let rows = (charts.count + columns - 1) / columns
        var canvas = Canvas(width: width * min(columns, charts.count), height: height * rows)
        for (index, chart) in charts.enumerated() {
            let origin = CanvasPoint(Double(index % columns * width), Double(index / columns * height))
            chart.draw(on: &canvas, origin: origin, width: Double(width), height: Double(height))
        }
        return canvas.image
    }

    /// The chart as a picture.
    public func image(width: Int = 640, height: Int = 420) -> Image {
        Self.grid([self], columns: 1, width: width, height: height)
    }

    /// Draws the chart into the box of `width` × `height` pixels at `origin`.
    public func draw(on canvas: inout Canvas, origin: CanvasPoint, width: Double, height: Double) {
        let (xRange, yRange) = ranges()
        let frame = Frame(
            left: origin.x + 56, right: origin.x + width - 16, top: origin.y + 34,
            bottom: origin.y + height - (xLabel.isEmpty ? 28 : 46), xRange: xRange, yRange: yRange)
        drawAxes(on: &canvas, frame)
        for (index, line) in series.enumerated() {
            let points = zip(line.x, line.y).map { frame.point($0, $1) }
            canvas.stroke(points, width: 2, color: color(of: index))
        }
        drawLegend(on: &canvas, frame)
        let center = (frame.left + frame.right) / 2
        canvas.write(title, at: CanvasPoint(center, origin.y + 22), size: 12, alignment: .center)
        canvas.write(xLabel, at: CanvasPoint(center, origin.y + height - 10), size: 9, alignment: .center)
    }

    /// Round numbers within a range, about `count` of them: 1, 2 or 5 times a power of ten apart.
    static func ticks(_ range: ClosedRange<Double>, count: Int = 6) -> [Double] {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite else { return [range.lowerBound] }
        let raw = span / Double(count)
        let power = pow(10, log10(raw).rounded(.down))
        let step = ([1, 2, 5].map { $0 * power }.first { $0 >= raw * 0.999 }) ?? 10 * power
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        guard first <= last else { return [range.lowerBound] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    // MARK: - Inside

    private struct Frame {
        var left, right, top, bottom: Double
        var xRange, yRange: ClosedRange<Double>

        /// The place of a value; one outside of the y range is drawn at its edge of the frame.
        func point(_ x: Double, _ y: Double) -> CanvasPoint {
            let across = (x - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
            let up = (y - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
            guard x.isFinite, y.isFinite else { return CanvasPoint(.nan, .nan) }
            return CanvasPoint(left + across * (right - left), bottom - min(max(up, 0), 1) * (bottom - top))
        }
    }

    private func color(of index: Int) -> Color {
        series[index].color ?? Color.palette[index % Color.palette.count]
    }

    /// The ranges of the axes; that of y has a margin, so that a line does not lie on the frame.
    private func ranges() -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        func span(_ values: [Double], margin: Double) -> ClosedRange<Double> {
            let finite = values.filter(\.isFinite)
            guard let least = finite.min(), let most = finite.max() else { return 0...1 }
            let pad = most > least ? (most - least) * margin : max(abs(most) * 0.1, 0.5)
            return most > least && margin == 0 ? least...most : (least - pad)...(most + pad)
        }
        return (
            xRange ?? span(series.flatMap(\.x), margin: 0), yRange ?? span(series.flatMap(\.y), margin: 0.06)
        )
    }

    private func drawAxes(on canvas: inout Canvas, _ frame: Frame) {
        for value in Self.ticks(frame.xRange) {
            let x = frame.point(value, frame.yRange.lowerBound).x
            let color: Color = value == 0 ? .gray : .lightGray
            canvas.stroke([CanvasPoint(x, frame.top), CanvasPoint(x, frame.bottom)], color: color)
            canvas.write(
                Self.label(value), at: CanvasPoint(x, frame.bottom + 16), size: 8, alignment: .center)
        }
        for value in Self.ticks(frame.yRange) {
            let y = frame.point(frame.xRange.lowerBound, value).y
            let color: Color = value == 0 ? .gray : .lightGray
            canvas.stroke([CanvasPoint(frame.left, y), CanvasPoint(frame.right, y)], color: color)
            canvas.write(Self.label(value), at: CanvasPoint(frame.left - 6, y + 4), size: 8, alignment: .right)
        }
        let corners = [
            (frame.left, frame.top), (frame.right, frame.top), (frame.right, frame.bottom), (frame.left, frame.bottom),
            (frame.left, frame.top),
        ]
        canvas.stroke(corners.map { CanvasPoint($0.0, $0.1) }, color: .gray)
    }

    private func drawLegend(on canvas: inout Canvas, _ frame: Frame) {
        let names = series.map(\.name)
        guard names.contains(where: { !$0.isEmpty }) else { return }
        let width = (names.map { Canvas.width(of: $0, size: 8) }.max() ?? 0) + 44
        let height = Double(names.count) * 16 + 8
        let corner = CanvasPoint(frame.left + 8, frame.top + 8)
        canvas.fill(from: corner, to: CanvasPoint(corner.x + width, corner.y + height), color: .white)
        for (index, name) in names.enumerated() {
            let y = corner.y + 16 * Double(index) + 16
            canvas.stroke(
                [CanvasPoint(corner.x + 6, y - 4), CanvasPoint(corner.x + 28, y - 4)], width: 2, color: color(of: index)
            )
            canvas.write(name, at: CanvasPoint(corner.x + 36, y), size: 8)
        }
    }

    /// A number without needless digits: `−2`, `0.25`, `1e-05`.
    private static func label(_ value: Double) -> String {
        let text = String(format: "%.4g", value == 0 ? 0 : value)
        return text.hasPrefix("-") ? "−" + text.dropFirst() : text
    }
}
