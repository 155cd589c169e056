/// A chart of one or more functions over a common axis, with its legend below.
public struct LineChart: Chart {
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
    public var yLabel: String
    public var series: [Series]
    /// What the axes show; as much as the points need where it is nil.
    public var xRange: ClosedRange<Double>?
    public var yRange: ClosedRange<Double>?
    /// Whether x counts something, so that the axis has whole numbers only and each point is marked.
    public var countsX: Bool

    /// A chart of lines; the axes show as much as the points need where no range is given.
    public init(
        title: String, xLabel: String = "", yLabel: String = "", series: [Series], xRange: ClosedRange<Double>? = nil,
        yRange: ClosedRange<Double>? = nil, countsX: Bool = false
    ) {
        (self.title, self.xLabel, self.yLabel, self.series) = (title, xLabel, yLabel, series)
        (self.xRange, self.yRange, self.countsX) = (xRange, yRange, countsX)
    }

    public func commands(name: String) -> String {
        let (xRange, yRange) = ranges()
        var lines: [String] = []
        for (index, line) in series.enumerated() {
            let points = zip(line.x, line.y).map { "\(Gnuplot.number($0)) \(Gnuplot.number($1))" }
            // A block without points is an error: a point that is none is not.
            lines += ["\(name)_\(index) << EOD"] + (points.isEmpty ? ["NaN NaN"] : points) + ["EOD"]
        }
        lines += [
            "set title \(Gnuplot.quoted(title)) offset 0,-0.3", "set xlabel \(Gnuplot.quoted(xLabel))",
            "set ylabel \(Gnuplot.quoted(yLabel))", Self.range("x", xRange), Self.range("y", yRange),
            "set border linecolor '#808080'", "set tics textcolor '#000000' nomirror",
            "set grid linecolor '#D9D9D9' linetype 1 linewidth 1",
            // Below the chart, where it covers no line; the height keeps it off the axis's name.
            "set key outside bottom center horizontal height 1 textcolor '#000000'",
            "set format '%h'",
        ]
        // Up to a dozen each number has its tick; beyond them gnuplot's own choice is whole too.
        if countsX, xRange.upperBound - xRange.lowerBound <= 12 { lines.append("set xtics 1") }
        if xRange.contains(0), xRange.lowerBound < 0 { lines.append("set xzeroaxis linecolor '#808080' linetype 1") }
        let plots = series.enumerated().map { index, line in
            let color = line.color ?? Color.palette[index % Color.palette.count]
            let title = line.name.isEmpty ? "notitle" : "title \(Gnuplot.quoted(line.name))"
            let style = countsX ? "linespoints pointtype 7 pointsize \(line.x.count > 30 ? 0.3 : 0.6)" : "lines"
            return "\(name)_\(index) using 1:2 with \(style) linewidth 2 linecolor '\(color.webName)' \(title)"
        }
        // Without lines the axes are drawn all the same.
        lines.append("plot " + (plots.isEmpty ? "NaN notitle" : plots.joined(separator: ", ")))
        return lines.joined(separator: "\n")
    }

    // MARK: - Inside

    private static func range(_ axis: String, _ range: ClosedRange<Double>) -> String {
        "set \(axis)range [\(range.lowerBound):\(range.upperBound)]"
    }

    /// The ranges of the axes; that of y has a margin, so that a line does not lie on the frame.
    private func ranges() -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        func span(_ values: [Double], margin: Double) -> ClosedRange<Double> {
            let finite = values.filter(\.isFinite)
            guard let least = finite.min(), let most = finite.max() else { return 0...1 }
            guard most > least else {
                let pad = countsX && margin == 0 ? 0.5 : max(abs(most) * 0.1, 0.5)
                return (least - pad)...(most + pad)
            }
            return (least - (most - least) * margin)...(most + (most - least) * margin)
        }
        let shown = series.flatMap { line in zip(line.x, line.y).filter { $0.isFinite && $1.isFinite } }
        return (
            xRange ?? span(series.flatMap(\.x), margin: 0), yRange ?? span(shown.map(\.1), margin: 0.06)
        )
    }
}
