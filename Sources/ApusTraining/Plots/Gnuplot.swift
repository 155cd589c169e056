import Foundation

/// The plotting program gnuplot, which draws all charts (<http://www.gnuplot.info>, 5.4 or later).
public struct Gnuplot: Sendable {
    /// Where the program lies.
    public let path: String

    /// Finds the program in the folders of `searchPath`, separated by colons; those of `PATH` unless given.
    ///
    /// - Throws: ``GnuplotError/notInstalled``.
    public init(searchPath: String? = nil) throws {
        let folders = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = folders.split(separator: ":").map { "\($0)/gnuplot" }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw GnuplotError.notInstalled
        }
        path = found
    }

    /// Runs a script and returns what it writes to standard output: the picture, unless it sets another output.
    ///
    /// - Throws: ``GnuplotError/failed(_:)`` with the program's message where the script does not run to its end.
    public func run(_ script: String) throws -> [UInt8] {
        // Files without names instead of pipes: neither side waits for the other to read.
        let (input, output, errors) = (try Self.scratchFile(), try Self.scratchFile(), try Self.scratchFile())
        try input.write(contentsOf: Data(script.utf8))
        try input.seek(toOffset: 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        process.waitUntilExit()
        let picture = try Self.contents(of: output)
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let message = String(decoding: try Self.contents(of: errors), as: UTF8.self)
            throw GnuplotError.failed(message.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return picture
    }

    /// A text as gnuplot reads it: between single quotes nothing is replaced, and a line break would end it.
    static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''").map { $0.isNewline ? " " : String($0) }.joined() + "'"
    }

    /// A number as gnuplot reads it; `NaN`, which leaves a gap, where it is not finite.
    static func number(_ number: Double) -> String { number.isFinite ? number.description : "NaN" }

    private static func scratchFile() throws -> FileHandle {
        guard let file = tmpfile() else {
            throw GnuplotError.failed("no temporary file can be made: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        return FileHandle(fileDescriptor: dup(fileno(file)), closeOnDealloc: true)
    }

    private static func contents(of file: FileHandle) throws -> [UInt8] {
        try file.seek(toOffset: 0)
        return Array(try file.readToEnd() ?? Data())
    }
}

/// Why a chart could not be drawn.
public enum GnuplotError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The program is in no folder of the `PATH`.
    case notInstalled
    /// The program's own message.
    case failed(String)
    /// The ending of the file's name, which names no kind of chart.
    case unknownFormat(String)

    public var description: String {
        switch self {
        case .notInstalled:
            "gnuplot, which draws the charts, is not on the PATH. Install it: apt-get install gnuplot-nox"
        case .failed(let message):
            "gnuplot failed: \(message)"
        case .unknownFormat(let path):
            "\(path): a chart is a PNG or an SVG. Let the name end in .png or .svg."
        }
    }
}
