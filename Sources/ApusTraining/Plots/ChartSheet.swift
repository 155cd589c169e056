import ApusInterop

/// Something that gnuplot draws into a rectangle.
public protocol Chart: Sendable {
    /// The commands that define the chart's data, as blocks whose names begin with `name`, and draw it; settings are
    /// the defaults before.
    func commands(name: String) -> String
}

/// Charts beside each other, which become one picture.
public struct ChartSheet: Sendable {
    /// The kind of a picture's file.
    public enum Format: String, Sendable, CaseIterable {
        case png
        case svg
    }

    /// The charts, row by row.
    public var charts: [any Chart]
    /// How many stand in a row, at least 1.
    public var columns: Int
    /// The size of each chart in pixels.
    public var width: Int
    public var height: Int

    /// A sheet of at least one chart, `columns` in a row, each of `width` × `height` pixels.
    public init(_ charts: [any Chart], columns: Int = 1, width: Int = 640, height: Int = 440) {
        precondition(columns > 0 && !charts.isEmpty, "ChartSheet: no charts or no columns")
        precondition(width > 0 && height > 0, "ChartSheet: \(width)×\(height) is not a size")
        (self.charts, self.columns, self.width, self.height) = (charts, columns, width, height)
    }

    /// The bytes of a picture's file.
    ///
    /// - Throws: ``GnuplotError``.
    public func encoded(as format: Format) throws -> [UInt8] { try Gnuplot().run(script(for: format)) }

    /// Writes the picture to a file, `.png` or `.svg` by its name, which appears whole or not at all.
    ///
    /// - Throws: ``GnuplotError``, and `AtomicFile.WriteError` where the file cannot be written.
    public func write(to path: String) throws {
        let ending = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() } ?? ""
        guard let format = Format(rawValue: ending) else { throw GnuplotError.unknownFormat(path) }
        let bytes = try encoded(as: format)
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }

    func script(for format: Format) -> String {
        let rows = (charts.count + columns - 1) / columns
        let across = min(columns, charts.count)
        // Names of classes are shown as they are: `noenhanced` makes no index of an underscore.
        let terminal =
            switch format {
            case .png: "pngcairo noenhanced background '#FFFFFF' font 'DejaVu Sans,10'"
            // What a browser lacks it replaces by the next.
            case .svg: "svg noenhanced background '#FFFFFF' font 'DejaVu Sans,Verdana,Helvetica,sans-serif,13'"
            }
        var lines = [
            "set encoding utf8", "set terminal \(terminal) size \(across * width),\(rows * height)",
            "set multiplot layout \(rows),\(across)",
        ]
        for (index, chart) in charts.enumerated() {
            // A setting of one chart must not reach the next: `reset` leaves terminal and layout as they are.
            lines += ["reset", "set minussign", chart.commands(name: "$chart\(index)")]
        }
        return (lines + ["unset multiplot", ""]).joined(separator: "\n")
    }
}
