/// A confusion matrix: how often each true class (rows) was predicted as each class (columns).
///
/// A cell's colour is its share of the row, from white for 0 to dark blue for 1. Up to 20 classes each cell shows its
/// count as well.
public struct ConfusionMatrixChart: Chart {
    /// The counts, [true class][predicted class].
    public let counts: [[Int]]
    /// The names of the classes.
    public let classNames: [String]
    /// What stands above.
    public var title: String

    /// A square of counts, a row and a column for each class.
    public init(counts: [[Int]], classNames: [String], title: String = "confusion matrix") {
        precondition(
            !counts.isEmpty && counts.count == classNames.count && counts.allSatisfy { $0.count == counts.count },
            "ConfusionMatrixChart: \(counts.count) rows for \(classNames.count) classes, or rows of other lengths")
        (self.counts, self.classNames, self.title) = (counts, classNames, title)
    }

    /// The chart as a picture, in a size that its cells need.
    public var sheet: ChartSheet {
        // A count of five digits takes 45 pixels; without counts a cell is as high as a small letter.
        let cells = counts.count * (showsCounts ? 52 : 13)
        let longest = names.map(\.count).max() ?? 0
        return ChartSheet(
            [self], width: max(cells, 260) + longest * 8 + 200, height: max(cells, 260) + longest * 6 + 120)
    }

    /// Writes the chart to a file, `.png` or `.svg` by its name, which appears whole or not at all.
    ///
    /// - Throws: ``GnuplotError``, and `AtomicFile.WriteError` where the file cannot be written.
    public func write(to path: String) throws { try sheet.write(to: path) }

    public func commands(name: String) -> String {
        let count = counts.count
        let tics = names.enumerated().map { "\(Gnuplot.quoted($1)) \($0)" }.joined(separator: ", ")
        let font = showsCounts ? "" : " font ',7'"
        var lines = ["\(name) << EOD"]
        for (row, numbers) in counts.enumerated() {
            let total = numbers.reduce(0, +)
            for (column, number) in numbers.enumerated() {
                let share = total > 0 ? Double(number) / Double(total) : 0
                // Black on light cells, white on dark ones, and gray for what did not happen.
                let color = number == 0 ? 0xB0B0B0 : share > 0.5 ? 0xFFFFFF : 0x000000
                lines.append("\(column) \(row) \(share) \(number) \(color)")
            }
        }
        lines += [
            "EOD", "set title \(Gnuplot.quoted(title))", "unset key", "set size ratio -1",
            "set xlabel 'predicted class'", "set ylabel 'true class'", "set cblabel 'share of the true class'",
            "set xrange [-0.5:\(count - 1).5]", "set yrange [\(count - 1).5:-0.5]", "set cbrange [0:1]",
            "set palette defined (0 '#FFFFFF', 0.5 '#6BAED6', 1 '#08306B')", "set border linecolor '#808080'",
            "set xtics rotate by \(showsCounts ? 45 : 90) right (\(tics)) scale 0 textcolor '#000000'\(font)",
            "set ytics (\(tics)) scale 0 textcolor '#000000'\(font)", "set cbtics textcolor '#000000'",
        ]
        let labels = showsCounts ? ", \(name) using 1:2:4:5 with labels textcolor rgb variable" : ""
        lines.append("plot \(name) using 1:2:3 with image pixels\(labels)")
        return lines.joined(separator: "\n")
    }

    /// Whether the cells are few enough to be read.
    private var showsCounts: Bool { counts.count <= 20 }

    /// The names, long ones shortened.
    private var names: [String] { classNames.map { $0.shortened(to: 24) } }
}

extension String {
    /// The text, with an ellipsis for what exceeds `count` characters.
    func shortened(to count: Int) -> String {
        self.count <= count ? self : prefix(Swift.max(count - 1, 0)) + "…"
    }
}
